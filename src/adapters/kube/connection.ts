import type { Agent, RequestOptions } from 'node:https'
import { SetupError } from '../../domain/errors.ts'

/** Where a Kubernetes API is and who we are to it. */
export type ClusterAddress =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'in-cluster' }

/** What a request needs besides its path. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>
  readonly tls: Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized' | 'servername'>
  /** The agent to use when the kubeconfig names a proxy. */
  readonly proxy?: Agent
}

/** A resolved kubeconfig. */
export interface Connection {
  readonly url: URL
  /** Read again now and then: tokens in files and from plugins change. */
  credentials(): Promise<Credentials>
}

/**
 * Reads a kubeconfig or the service account of the pod.
 *
 * Errors: SetupError when there is none or it cannot be read.
 */
export async function openConnection(address: ClusterAddress): Promise<Connection> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  try {
    if (address.kind === 'in-cluster') config.loadFromCluster()
    else if (address.kind === 'file') config.loadFromFile(address.path)
    else config.loadFromString(address.text)
  } catch (cause) {
    throw unusable('it cannot be read', cause)
  }
  const cluster = config.getCurrentCluster()
  if (cluster === null) throw unusable('its current context names no cluster')
  if (!URL.canParse(cluster.server)) throw unusable(`"${cluster.server}" is no address`)
  const url = new URL(cluster.server)
  return {
    url,
    credentials: async () => {
      const options: RequestOptions = {}
      await config.applyToHTTPSOptions(options).catch((cause: unknown) => {
        // The library refuses plain HTTP only after it has filled in the credentials; a sandbox on loopback has no TLS.
        if (url.protocol !== 'http:') throw unusable('its credentials cannot be had', cause)
      })
      return toCredentials(options, cluster.proxyUrl !== undefined)
    },
  }
}

function toCredentials(options: RequestOptions, proxied: boolean): Credentials {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value)
  if (typeof options.auth === 'string') {
    headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`
  }
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername, agent } = options
  const tls = Object.fromEntries(
    Object.entries({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername }).filter(
      ([, value]) => value !== undefined,
    ),
  ) as Credentials['tls']
  return { headers, tls, ...(proxied && typeof agent === 'object' ? { proxy: agent as Agent } : {}) }
}

function unusable(why: string, cause?: unknown): SetupError {
  return new SetupError('STY501', `the kubeconfig cannot be used: ${why}`, {
    hint: 'Point --kubeconfig at a file that kubectl can use.',
    cause,
  })
}
