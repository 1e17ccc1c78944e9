import type {
  Capabilities,
  ClusterDocument,
  ComponentOverride,
  DeploymentDocument,
  DocumentBase,
  DriftMode,
  EnvironmentDocument,
  StyrminDocument,
} from '../../domain/documents.ts'
import { type Digest, parseDigest, parseStableId } from '../../domain/ids.ts'
import { at, compareText, type Json, type JsonObject, listAt, objectAt, textAt } from '../../util/json.ts'
import { decodeDriver } from './decode-driver.ts'

/** The newest Kubernetes that charts are rendered for when a cluster names none. */
const DEFAULT_KUBERNETES = '1.34'

/** Turns a document that its schema accepts into a domain type, defaults filled in. */
export function decodeDocument(kind: StyrminDocument['kind'], root: JsonObject, base: DocumentBase): StyrminDocument {
  switch (kind) {
    case 'Cluster':
      return decodeCluster(objectAt(root, 'spec'), base)
    case 'Environment':
      return decodeEnvironment(objectAt(root, 'spec'), base)
    case 'Deployment':
      return decodeDeployment(root, base)
    case 'ApplicationDriver':
      return decodeDriver(objectAt(root, 'spec'), base)
    default:
      return kind satisfies never
  }
}

function decodeCluster(spec: JsonObject, base: DocumentBase): ClusterDocument {
  const hash = digestAt(spec, 'agent_token_hash')
  return {
    ...base,
    kind: 'Cluster',
    ...(hash === undefined ? {} : { agentTokenHash: hash }),
    capabilities: decodeCapabilities(objectAt(spec, 'capabilities')),
    config: objectAt(spec, 'config'),
  }
}

function decodeCapabilities(spec: JsonObject): Capabilities {
  return {
    kubernetes: textAt(spec, 'kubernetes') ?? DEFAULT_KUBERNETES,
    apiVersions: [...texts(spec, 'api_versions')].sort(compareText),
  }
}

function decodeEnvironment(spec: JsonObject, base: DocumentBase): EnvironmentDocument {
  return {
    ...base,
    kind: 'Environment',
    cluster: textAt(spec, 'cluster') ?? '',
    namespace: textAt(spec, 'namespace') ?? base.name,
    config: objectAt(spec, 'config'),
    drift: driftAt(spec) ?? 'repair',
    podSecurity: podSecurityOf(textAt(spec, 'pod_security')),
    protect: at(spec, 'protect') === true,
  }
}

function podSecurityOf(text: string | undefined): EnvironmentDocument['podSecurity'] {
  return text === 'privileged' || text === 'restricted' ? text : 'baseline'
}

function decodeDeployment(root: JsonObject, base: DocumentBase): DeploymentDocument {
  const spec = objectAt(root, 'spec')
  return {
    ...base,
    kind: 'Deployment',
    environment: textAt(root, 'metadata', 'environment') ?? '',
    driver: decodeDriverReference(at(spec, 'driver')),
    parameters: objectAt(spec, 'parameters'),
    config: objectAt(spec, 'config'),
    components: decodeComponents(objectAt(spec, 'components')),
    dependsOn: [...texts(spec, 'depends_on')].sort(compareText),
    state: textAt(spec, 'state') === 'stopped' ? 'stopped' : 'running',
    onFailure: textAt(spec, 'on_failure') === 'rollback' ? 'rollback' : 'hold',
    deleteData: textAt(root, 'metadata', 'annotations', 'styrmin.io/delete-data') === 'true',
    ...optionalFields(root, spec),
  }
}

function optionalFields(
  root: JsonObject,
  spec: JsonObject,
): Pick<DeploymentDocument, 'id' | 'version' | 'drift' | 'approve'> {
  const id = parseStableId(textAt(root, 'metadata', 'id') ?? '')
  const version = textAt(spec, 'version')
  const drift = driftAt(spec)
  const approve = digestAt(spec, 'approve')
  return {
    ...(id === undefined ? {} : { id }),
    ...(version === undefined ? {} : { version }),
    ...(drift === undefined ? {} : { drift }),
    ...(approve === undefined ? {} : { approve }),
  }
}

function decodeDriverReference(driver: Json | undefined): DeploymentDocument['driver'] {
  if (typeof driver === 'string') return { name: driver }
  const version = textAt(driver, 'version')
  return { name: textAt(driver, 'name') ?? '', ...(version === undefined ? {} : { version }) }
}

function decodeComponents(components: JsonObject): Readonly<Record<string, ComponentOverride>> {
  return Object.fromEntries(Object.keys(components).map((name) => [name, decodeOverride(objectAt(components, name))]))
}

function decodeOverride(override: JsonObject): ComponentOverride {
  const env = objectAt(override, 'env')
  return {
    env: Object.fromEntries(Object.keys(env).map((name) => [name, textAt(env, name) ?? ''])),
    ...('command' in override ? { command: texts(override, 'command') } : {}),
    ...('args' in override ? { args: texts(override, 'args') } : {}),
  }
}

function driftAt(spec: JsonObject): DriftMode | undefined {
  const mode = textAt(spec, 'drift', 'mode')
  return mode === 'repair' || mode === 'report' || mode === 'ignore' ? mode : undefined
}

function digestAt(spec: JsonObject, key: string): Digest | undefined {
  return parseDigest(textAt(spec, key) ?? '')
}

function texts(spec: JsonObject, key: string): readonly string[] {
  return listAt(spec, key).filter((item) => typeof item === 'string')
}
