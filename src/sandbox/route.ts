import { hasSubresource, type Registry } from './registry.ts'
import type { Target } from './objects.ts'

/**
 * The target that a path names; `undefined` when no kind is served there.
 *
 * Shape: `/api/v1/…` and `/apis/<group>/<version>/…`, each with or without `namespaces/<namespace>/` in front of the kind.
 */
export function parsePath(registry: Registry, path: string): Target | undefined {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent)
  const [root, ...rest] = parts
  if (root === 'api') return parseRest(registry, { group: '', version: rest[0] ?? '' }, rest.slice(1))
  if (root === 'apis') return parseRest(registry, { group: rest[0] ?? '', version: rest[1] ?? '' }, rest.slice(2))
  return undefined
}

interface GroupVersion {
  readonly group: string
  readonly version: string
}

function parseRest(registry: Registry, gv: GroupVersion, parts: readonly string[]): Target | undefined {
  const inside =
    parts[0] === 'namespaces' && parts.length > 2 ? targetOf(registry, gv, parts.slice(2), parts[1] ?? '') : undefined
  return inside ?? targetOf(registry, gv, parts, '')
}

function targetOf(
  registry: Registry,
  gv: GroupVersion,
  parts: readonly string[],
  namespace: string,
): Target | undefined {
  const [plural = '', name = '', subresource = ''] = parts
  const resource = registry.find(gv.group, gv.version, plural)
  if (resource === undefined || parts.length > 3) return undefined
  const target = { resource, namespace, name, subresource }
  return isServed(target) ? target : undefined
}

function isServed({ resource, namespace, name, subresource }: Target): boolean {
  const placed = resource.namespaced ? namespace !== '' || name === '' : namespace === ''
  return placed && (subresource === '' || hasSubresource(resource, subresource))
}
