import type { Chart } from '../../src/domain/driver.ts'
import { toDigest } from '../../src/domain/ids.ts'
import type { RehearsalRequest, RenderRequest } from '../../src/ports/renderer.ts'
import { digestOf } from '../../src/util/digest.ts'
import type { JsonObject } from '../../src/util/json.ts'

/** A chart from its files' texts. */
export function chartOf(files: Readonly<Record<string, string>>): Chart {
  const all = { 'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n', ...files }
  return {
    name: 'web',
    version: '1.0.0',
    digest: toDigest(digestOf(all)),
    files: Object.entries(all).map(([path, text]) => ({ path, data: Buffer.from(text) })),
  }
}

const CONFIG_MAP = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  greeting: {{ .Values.greeting | quote }}
`

/** A small chart of one ConfigMap. */
const SMALL = chartOf({ 'templates/config.yaml': CONFIG_MAP, 'values.yaml': 'greeting: hello\n' })

/** A render request with good defaults. */
export function requestOf(more: Partial<RenderRequest> & { readonly source?: string } = {}): RenderRequest {
  const { source = 'greeting: "{{ parameters.greeting }}"', ...rest } = more
  return {
    template: { file: 'drivers/web/values.j2.yml', source },
    context: { parameters: { greeting: 'hi' } },
    chart: SMALL,
    release: { name: 'shop', namespace: 'production' },
    capabilities: { kubernetes: '1.34', apiVersions: [] },
    ...rest,
  }
}

/** A rehearsal of the JavaScript of one file. */
export function rehearsalOf(
  code: string,
  more: {
    readonly images?: RehearsalRequest['images']
    readonly others?: Readonly<Record<string, string>>
    readonly context?: JsonObject
  } = {},
): RehearsalRequest {
  return {
    action: {
      name: 'upgrade',
      hook: 'upgrade',
      mode: 'core',
      entry: { file: 'actions.ts', function: 'upgrade' },
      modules: [
        { path: 'actions.ts', code },
        ...Object.entries(more.others ?? {}).map(([path, other]) => ({ path, code: other })),
      ],
    },
    context: more.context ?? {},
    targetVersion: '1.7.0',
    images: more.images ?? {},
  }
}

/** An action with this body. */
export function actionWith(body: string): string {
  return `import { action } from 'styrmin/actions'
export const upgrade = action(async ({ context, targetVersion, primitives }) => {
${body}
})
`
}
