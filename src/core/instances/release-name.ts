import type { StableId } from '../../domain/ids.ts'

/** Source: Helm refuses longer release names (`maxReleaseNameLen`), so that chart names still fit behind them. */
const MAX_LENGTH = 53

/** The Helm release of a deployment: `<name>-<id>`; a long name is cut so that the id, which makes it unique, stays whole. */
export function releaseName(name: string, id: StableId): string {
  const room = MAX_LENGTH - id.length - 1
  return `${name.slice(0, room).replace(/-+$/, '')}-${id}`
}
