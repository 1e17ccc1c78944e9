import { createHash } from 'node:crypto'

/** The token of a cluster's agent in tests. */
export function tokenOf(cluster: string): string {
  return `token-of-${cluster}`
}

function hashOf(token: string): string {
  return `sha256:${createHash('sha256').update(token).digest('hex')}`
}

export function cluster(name: string): string {
  return `apiVersion: styrmin.io/v1
kind: Cluster
metadata: { name: ${name} }
spec:
  agent_token_hash: ${hashOf(tokenOf(name))}
  capabilities: { kubernetes: "1.34" }
`
}

export function environment(name: string, inCluster: string, more = ''): string {
  return `apiVersion: styrmin.io/v1
kind: Environment
metadata: { name: ${name} }
spec:
  cluster: ${inCluster}
${more}`
}

export interface DeploymentFields {
  readonly version?: string
  readonly greeting?: string
  readonly state?: 'running' | 'stopped'
}

export function deployment(name: string, inEnvironment: string, fields: DeploymentFields = {}): string {
  return `apiVersion: styrmin.io/v1
kind: Deployment
metadata: { name: ${name}, environment: ${inEnvironment} }
spec:
  driver: { name: web, version: "1" }
  version: ${fields.version ?? '1.0.0'}
  state: ${fields.state ?? 'running'}
  parameters: { greeting: ${fields.greeting ?? 'hello'} }
`
}

/** A driver of one ConfigMap and one Secret with a generated password. */
export function driver(version = '1', marker = 'one'): Readonly<Record<string, string>> {
  return {
    'drivers/web/driver.styrmin.yml': `apiVersion: styrmin.io/v1
kind: ApplicationDriver
metadata: { name: web }
spec:
  version: "${version}"
  supported_versions: ">=1,<3"
  info: { description: A page }
  helm: { main: { location: chart, version: 0.1.0 } }
  components: { web: { identifier: { label: { app: web } } } }
  parameters: [{ name: greeting, label: Greeting, kind: string, default: hello }]
`,
    'drivers/web/values.j2.yml': 'greeting: {{ parameters.greeting | tojson }}\nversion: {{ app.version | tojson }}\n',
    'drivers/web/chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 0.1.0\n',
    'drivers/web/chart/values.yaml': 'greeting: ""\nversion: ""\n',
    'drivers/web/chart/templates/all.yaml': `apiVersion: v1
kind: ConfigMap
metadata: { name: "{{ .Release.Name }}", labels: { marker: ${marker} } }
data: { greeting: {{ .Values.greeting | quote }}, version: {{ .Values.version | quote }} }
---
apiVersion: v1
kind: Secret
metadata: { name: "{{ .Release.Name }}" }
stringData: { password: {{ randAlphaNum 24 | quote }} }
`,
  }
}

/** Two clusters, two environments, two deployments. */
export const SHOP: Readonly<Record<string, string>> = {
  'clusters.yml': `${cluster('eu')}---\n${cluster('us')}`,
  'environments.yml': `${environment('production', 'eu')}---\n${environment('staging', 'us')}`,
  'production/shop.yml': deployment('shop', 'production'),
  'staging/shop.yml': deployment('shop', 'staging'),
  ...driver(),
}
