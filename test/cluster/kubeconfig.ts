/** The text of a kubeconfig that reaches one cluster with one token. */
export function kubeconfigOf(access: {
  readonly url: string
  readonly token: string
  readonly caFile: string
}): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server: access.url, 'certificate-authority': access.caFile } }],
    users: [{ name: 'admin', user: { token: access.token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  }
  return `${JSON.stringify(config, undefined, 2)}\n`
}
