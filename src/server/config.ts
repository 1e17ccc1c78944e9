import { dirname, isAbsolute, resolve } from 'node:path'
import { configFaults } from '../core/documents/check-config.ts'
import { SetupError } from '../domain/errors.ts'
import { type Digest, parseDigest } from '../domain/ids.ts'
import { isObject, type JsonObject, listAt, objectAt, textAt, at } from '../util/json.ts'
import { parseYaml } from '../util/yaml.ts'

/** Everything a server is told at its start. */
export interface ServerConfig {
  /** A local path or an http(s) address. */
  readonly repository: string
  /** `main` when left out. */
  readonly branch?: string
  /** Only files below it count. */
  readonly path?: string
  readonly dataFolder: string
  readonly listen: { readonly host: string; readonly port: number }
  /** 30 when left out; a local repository is watched besides. */
  readonly pollSeconds?: number
  /** By host with its port. */
  readonly credentials?: Readonly<Record<string, CredentialConfig>>
  readonly notes?: NotesConfig
  readonly forge?: ForgeConfig
  readonly auth?: { readonly tokens: readonly { readonly name: string; readonly hash: Digest }[] }
  readonly logLevel?: 'silent' | 'error' | 'warn' | 'info' | 'debug'
  /** The tokens of agents in this same process, besides those of the Cluster documents. */
  readonly localAgentToken?: (cluster: string) => string
}

export interface CredentialConfig {
  readonly tokenFile: string
  /** With it the token is sent as a password, without it as a bearer token. */
  readonly username?: string
}

export interface NotesConfig {
  readonly push: boolean
  /** At most one push in this time; 5 s when left out. */
  readonly minIntervalMs?: number
}

export interface ForgeConfig {
  readonly kind: 'github' | 'gitea'
  readonly api: string
  readonly owner: string
  readonly repository: string
  readonly tokenFile: string
}

/**
 * Reads the text of `styrmin.config.yaml`; relative paths are from its folder.
 *
 * Errors: SetupError STY400 with everything that is wrong in one message.
 */
export function parseConfig(text: string, file: string): ServerConfig {
  const [document] = parseYaml(text)
  const faults = (document?.faults ?? []).map(({ line, col, message }) => `${file}:${line}:${col}: ${message}`)
  const value = document?.value ?? null
  const wrong = configFaults(value).map(({ pointer, message }) => {
    const { line, col } = document?.placeOf(pointer) ?? { line: 1, col: 1 }
    return `${file}:${line}:${col}: ${message}`
  })
  if (faults.length > 0 || wrong.length > 0 || !isObject(value)) {
    throw new SetupError('STY400', (faults.length > 0 ? faults : wrong).join('\n'), {
      hint: 'Mend the configuration; schemas/config.schema.json describes every key.',
    })
  }
  return fromChecked(value, (path) => (isAbsolute(path) ? path : resolve(dirname(file), path)))
}

type Locate = (path: string) => string

function fromChecked(value: JsonObject, locate: Locate): ServerConfig {
  const repository = textAt(value, 'repository') ?? ''
  const credentials = Object.entries(objectAt(value, 'credentials')).map(([host, entry]) => [
    host,
    {
      tokenFile: locate(textAt(entry, 'token_file') ?? ''),
      ...optional('username', textAt(entry, 'username')),
    },
  ])
  return {
    repository: /^(https?|file):\/\//.test(repository) ? repository : locate(repository),
    dataFolder: locate(textAt(value, 'data_folder') ?? ''),
    listen: {
      host: textAt(value, 'listen', 'host') ?? '127.0.0.1',
      port: numberAt(value, 'listen', 'port') ?? 7070,
    },
    credentials: Object.fromEntries(credentials) as Readonly<Record<string, CredentialConfig>>,
    ...optional('branch', textAt(value, 'branch')),
    ...optional('path', textAt(value, 'path')),
    ...optional('pollSeconds', numberAt(value, 'poll_seconds')),
    ...optional('notes', notesOf(value)),
    ...optional('forge', forgeOf(value, locate)),
    ...optional('auth', authOf(value)),
    ...optional('logLevel', textAt(value, 'log_level') as ServerConfig['logLevel']),
  }
}

function notesOf(value: JsonObject): NotesConfig | undefined {
  if (!isObject(value['notes'])) return undefined
  return {
    push: at(value, 'notes', 'push') === true,
    ...optional('minIntervalMs', numberAt(value, 'notes', 'min_interval_ms')),
  }
}

function forgeOf(value: JsonObject, locate: Locate): ForgeConfig | undefined {
  const forge = value['forge']
  if (!isObject(forge)) return undefined
  return {
    kind: textAt(forge, 'kind') as ForgeConfig['kind'],
    api: textAt(forge, 'api') ?? '',
    owner: textAt(forge, 'owner') ?? '',
    repository: textAt(forge, 'repository') ?? '',
    tokenFile: locate(textAt(forge, 'token_file') ?? ''),
  }
}

function authOf(value: JsonObject): ServerConfig['auth'] {
  if (!isObject(value['auth'])) return undefined
  const tokens = listAt(value, 'auth', 'tokens').flatMap((token) => {
    const hash = parseDigest(textAt(token, 'hash') ?? '')
    return hash === undefined ? [] : [{ name: textAt(token, 'name') ?? '', hash }]
  })
  return { tokens }
}

function numberAt(value: JsonObject, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path)
  return typeof found === 'number' ? found : undefined
}

function optional<K extends string, T>(key: K, value: T | undefined): { readonly [P in K]?: T } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: T }
}
