import type { ChartRenderer } from './render-chart.ts'

const NAME = 'styrmin-warm-up'

/** Renders a chart of ours once, so that the first request does not pay for what every process does once. */
export function warmUp(charts: ChartRenderer): void {
  const files = {
    'Chart.yaml': `apiVersion: v2\nname: ${NAME}\nversion: 1.0.0\n`,
    'templates/all.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: {{ .Release.Name }} }\ndata: {{ toYaml .Values | nindent 2 }}\n',
  }
  charts.addChart(
    NAME,
    Object.entries(files).map(([path, text]) => ({ path, data: Buffer.from(text) })),
  )
  const { problems } = charts.render({
    template: { file: NAME, source: 'a: "{{ a }}"\n{% for b in [1] %}b: {{ b | tojson }}{% endfor %}\n' },
    context: { a: 'b' },
    chartDigest: NAME,
    release: { name: NAME, namespace: 'default' },
    capabilities: { kubernetes: '1.34', apiVersions: [] },
  })
  if (problems[0] !== undefined) throw new Error(`the renderer cannot render: ${problems[0].message}`)
  charts.forgetCharts()
}
