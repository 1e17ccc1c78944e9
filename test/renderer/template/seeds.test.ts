import { expect, test } from 'vitest'
import type { JsonObject } from '../../../src/util/json.ts'
import { render } from './render.ts'

/** Exactly the template of the driver guide, step 5. */
const GUIDE = `fullnameOverride: styrmin-my-app
image:
  repository: my-app
  tag: "{{ app.version }}"
extraEnv: {{ components | component_env_vars("server") | tojson }}
ingress:
  enabled: true
  className: "{{ instance.config.ingress_class }}"
  hosts:
    - host: "{{ services['my-app'].primary_fqdn }}"
      paths:
        - path: /
          pathType: Prefix
postgresql:
  enabled: true
  fullnameOverride: styrmin-postgresql
  primary:
    extraEnvVars: {{ components | component_env_vars("database") | tojson }}
`

/** The two forms in which the guide hands on a container's command and arguments. */
const OVERRIDES = `command: {{ components | component_command("server") | tojson }}
args: {{ components | component_args("server") | tojson }}
`

const GUARDED = `server:
{%- if components | component_args("server") %}
  args: {{ components | component_args("server") | tojson }}
{%- else %}
  args: null
{%- endif %}
`

const context: JsonObject = {
  app: { version: '1.10' },
  instance: { config: { ingress_class: 'traefik' } },
  services: { 'my-app': { primary_fqdn: 'my-app-0a1b2c3d.apps.example.com' } },
  components: { server: { env: { LOG_LEVEL: 'debug', A: '1', QUOTED: 'say "hi": # {x}' } } },
}

test('the template of the guide renders unchanged', () => {
  expect(render(GUIDE, context)).toEqual({
    problems: [],
    values: {
      fullnameOverride: 'styrmin-my-app',
      image: { repository: 'my-app', tag: '1.10' },
      extraEnv: [
        { name: 'A', value: '1' },
        { name: 'LOG_LEVEL', value: 'debug' },
        { name: 'QUOTED', value: 'say "hi": # {x}' },
      ],
      ingress: {
        enabled: true,
        className: 'traefik',
        hosts: [{ host: 'my-app-0a1b2c3d.apps.example.com', paths: [{ path: '/', pathType: 'Prefix' }] }],
      },
      postgresql: { enabled: true, fullnameOverride: 'styrmin-postgresql', primary: { extraEnvVars: [] } },
    },
  })
})

test.for([
  { name: 'an override arrives as its list', args: ['--debug', '-v'], want: ['--debug', '-v'] },
  { name: 'no override is an empty list', args: undefined, want: [] },
])('$name', ({ args, want }) => {
  const components = { server: args === undefined ? {} : { args } }
  expect(render(OVERRIDES, { ...context, components }).values).toEqual({ command: [], args: want })
})

test.for([
  { name: 'a guarded override arrives as its list', args: ['--debug'], want: ['--debug'] },
  { name: 'an empty guarded override is null, because an empty list counts as false', args: [], want: null },
])('$name', ({ args, want }) => {
  expect(render(GUARDED, { ...context, components: { server: { args } } }).values).toEqual({ server: { args: want } })
})
