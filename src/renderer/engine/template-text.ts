import type { HelmOutput } from './helm-types.ts'

/** What to print; both are left out by `helm template` only when asked. */
export interface TextOptions {
  readonly includeCrds: boolean
  readonly hooks: boolean
}

/**
 * The text that `helm template [--include-crds] [--no-hooks]` prints for a render, byte for byte.
 *
 * Source: pkg/cmd/template.go and renderResources in pkg/action/action.go.
 */
export function templateText(
  output: Extract<HelmOutput, { kind: 'rendered' }>,
  options: TextOptions = { includeCrds: true, hooks: true },
): string {
  const documents = [...(options.includeCrds ? output.crds : []), ...output.manifests]
  const hooks = options.hooks ? output.hooks : []
  return `${trimSpace(documents.map(documentText).join(''))}\n${hooks.map(documentText).join('')}`
}

function documentText({ path, yaml }: { readonly path: string; readonly yaml: string }): string {
  return `---\n# Source: ${path}\n${yaml}\n`
}

/** Go's strings.TrimSpace; JavaScript's trim would also take a byte order mark, and leave a NEL. */
function trimSpace(text: string): string {
  return text.replace(/^[\t-\r \u0085\p{Zs}\u2028\u2029]+|[\t-\r \u0085\p{Zs}\u2028\u2029]+$/gu, '')
}
