import type {
  ActionSpec,
  ComponentSpec,
  DocumentBase,
  DriverDocument,
  Hook,
  Mode,
  ParameterSpec,
  ServiceSpec,
} from '../../domain/documents.ts'
import { at, type Json, type JsonObject, listAt, objectAt, textAt } from '../../util/json.ts'
import { folderOf } from './own-files.ts'

/** Turns a driver's `spec` that the schema accepts into a domain type. */
export function decodeDriver(spec: JsonObject, base: DocumentBase): DriverDocument {
  const components = objectAt(spec, 'components')
  const defaultVersion = textAt(spec, 'default_version')
  return {
    ...base,
    kind: 'ApplicationDriver',
    folder: folderOf(base.at.file),
    spec: {
      version: textAt(spec, 'version') ?? '',
      supportedVersions: textAt(spec, 'supported_versions') ?? '',
      ...(defaultVersion === undefined ? {} : { defaultVersion }),
      info: objectAt(spec, 'info'),
      chart: {
        location: textAt(spec, 'helm', 'main', 'location') ?? '',
        version: textAt(spec, 'helm', 'main', 'version') ?? '',
      },
      components: Object.fromEntries(
        Object.keys(components).map((name) => [name, decodeComponent(at(components, name))]),
      ),
      services: listAt(spec, 'services').map(decodeService),
      parameters: listAt(spec, 'parameters').map(decodeParameter),
      actions: listAt(spec, 'actions').map(decodeAction),
      clusterScoped: listAt(spec, 'cluster_scoped').filter((kind) => typeof kind === 'string'),
      raw: spec,
    },
  }
}

function decodeComponent(component: Json | undefined): ComponentSpec {
  const label = objectAt(component, 'identifier', 'label')
  const backup = at(component, 'backup')
  return {
    labels: Object.fromEntries(Object.keys(label).map((key) => [key, textAt(label, key) ?? ''])),
    ...(backup === undefined ? {} : { backup: objectAt(component, 'backup') }),
  }
}

function decodeService(service: Json): ServiceSpec {
  const kind = textAt(service, 'kind')
  return {
    name: textAt(service, 'name') ?? '',
    kind: kind === 'https' || kind === 'tcp' ? kind : 'http',
    scope: textAt(service, 'scope') === 'external' ? 'external' : 'internal',
    port: Number(at(service, 'port')),
    component: textAt(service, 'component') ?? '',
  }
}

const PARAMETER_KINDS = ['string', 'integer', 'boolean', 'enum', 'secret'] as const
const HOOKS: readonly Hook[] = ['setup', 'upgrade', 'backup', 'restore', 'clone', 'delete']
const MODES: readonly Mode[] = ['pre', 'core', 'post']

function decodeParameter(parameter: Json): ParameterSpec {
  const label = textAt(parameter, 'label')
  const standard = at(parameter, 'default')
  const pattern = textAt(parameter, 'pattern')
  const kind = textAt(parameter, 'kind')
  return {
    name: textAt(parameter, 'name') ?? '',
    kind: PARAMETER_KINDS.find((known) => known === kind) ?? 'string',
    ...(label === undefined ? {} : { label }),
    ...(standard === undefined ? {} : { default: standard }),
    ...(at(parameter, 'values') === undefined ? {} : { values: listAt(parameter, 'values') }),
    ...(pattern === undefined ? {} : { pattern }),
    ...limits(parameter),
  }
}

function limits(parameter: Json): Pick<ParameterSpec, 'minimum' | 'maximum'> {
  const [minimum, maximum] = [at(parameter, 'minimum'), at(parameter, 'maximum')]
  return {
    ...(typeof minimum === 'number' ? { minimum } : {}),
    ...(typeof maximum === 'number' ? { maximum } : {}),
  }
}

function decodeAction(action: Json): ActionSpec {
  const description = textAt(action, 'description')
  const [file, name] = (textAt(action, 'location') ?? '').split('::')
  return {
    name: textAt(action, 'name') ?? '',
    hook: HOOKS.find((hook) => hook === textAt(action, 'hook')) ?? 'upgrade',
    mode: MODES.find((mode) => mode === textAt(action, 'mode')) ?? 'core',
    ...(description === undefined ? {} : { description }),
    location: { file: file ?? '', function: name ?? '' },
  }
}
