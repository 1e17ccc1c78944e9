import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const src = join(root, 'src')

const PURE = ['util', 'domain']
const EDGE = [...PURE, 'ports']
const COMPOSE = [...EDGE, 'actions', 'core/*']
const APP = [...COMPOSE, 'workflow', 'adapters/*', 'pipeline', 'renderer']

/** Who may import whom. A folder may always import itself; nothing else is allowed. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  util: [],
  domain: ['util'],
  ports: PURE,
  'core/*': PURE,
  actions: PURE,
  sdk: PURE,
  workflow: EDGE,
  'adapters/*': EDGE,
  renderer: COMPOSE,
  pipeline: COMPOSE,
  sandbox: EDGE,
  server: APP,
  agent: [...COMPOSE, 'workflow', 'adapters/*'],
  cli: [...APP, 'sdk'],
}

/** The only doors through a wall: `cli/up` wires the processes and the sandbox. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  'cli/up.ts': ['server/main.ts', 'agent/main.ts', 'sandbox/main.ts'],
}

/** One library, one home; some have two where a process of its own needs them. */
const HOME: Readonly<Record<string, readonly string[]>> = {
  yaml: ['util'],
  semver: ['util'],
  canonicalize: ['util'],
  ajv: ['core/documents'],
  nunjucks: ['renderer'],
  'isomorphic-git': ['adapters/git'],
  '@kubernetes/client-node': ['adapters/kube'],
  kysely: ['adapters/store'],
  'node:sqlite': ['adapters/store'],
  chokidar: ['adapters/files'],
  graphql: ['server'],
  'graphql-yoga': ['server'],
  '@pothos/core': ['server'],
  hono: ['server'],
  '@hono/node-server': ['server'],
  pino: ['server', 'agent'],
  'prom-client': ['server', 'agent'],
  commander: ['cli'],
  picocolors: ['cli'],
}

/** The agent never reads git; the server never touches a cluster. */
const NOT: Readonly<Record<string, readonly string[]>> = {
  agent: ['adapters/git', 'adapters/files', 'adapters/forge', 'adapters/store'],
  server: ['adapters/kube', 'workflow'],
}

/** Same input, same output: no clock, chance, environment, disk or net in the pure folders. */
const IMPURE =
  /\b(Date\.now|new Date\(\)|Math\.random|randomUUID|randomBytes|process\.(env|cwd|argv|kill)|setTimeout|setInterval|fetch\(|node:(fs|net|http|https|child_process|worker_threads|timers))/

/** A resolver reads memory or the store; never git, a forge or a cluster. */
const RESOLVERS_NEVER = ['ports/git-source.ts', 'ports/cluster.ts', 'ports/forge.ts']

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.startsWith('dashboard/'))
  .sort()

test.for(files)('%s imports only what its folder may', (file) => {
  expect(importsOf(join(src, file), file).filter((target) => !allowed(file, target))).toEqual([])
})

test.for(files.filter((file) => /^(util|domain|core|actions)\//.test(file)))('%s is pure', (file) => {
  expect(IMPURE.exec(code(join(src, file)))?.[0]).toBeUndefined()
})

test.for(files.filter((file) => file.startsWith('server/graphql/')))('%s reads memory or the store', (file) => {
  expect(
    importsOf(join(src, file), file).filter((target) => RESOLVERS_NEVER.some((port) => target === `src:${port}`)),
  ).toEqual([])
})

test.for(files)('%s stays under 400 lines', (file) => {
  expect(readFileSync(join(src, file), 'utf8').split('\n').length).toBeLessThanOrEqual(401)
})

const driverCode = existsSync(join(root, 'drivers'))
  ? readdirSync(join(root, 'drivers'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  : []

test.for(driverCode)('drivers/%s imports only styrmin/actions and its own files', (file) => {
  const outside = importsOf(join(root, 'drivers', file), file).filter(
    (target) => target !== 'styrmin/actions' && !inside(file, target),
  )
  expect(outside).toEqual([])
})

test.for([
  { file: 'core/diff/x.ts', target: 'src:core/plan/y.ts', ok: false },
  { file: 'core/diff/x.ts', target: 'src:domain/plan.ts', ok: true },
  { file: 'agent/x.ts', target: 'src:adapters/git/y.ts', ok: false },
  { file: 'server/x.ts', target: 'src:adapters/kube/y.ts', ok: false },
  { file: 'cli/x.ts', target: 'src:server/main.ts', ok: false },
  { file: 'cli/up.ts', target: 'src:server/main.ts', ok: true },
  { file: 'agent/x.ts', target: 'yaml', ok: false },
  { file: 'util/x.ts', target: 'yaml', ok: true },
])('the rule itself: $file importing $target is allowed: $ok', ({ file, target, ok }) => {
  expect(allowed(file, target)).toBe(ok)
})

function importsOf(path: string, file: string): readonly string[] {
  const targets = [...code(path).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '')
  return targets.map((target) => (target.startsWith('.') ? `src:${normalize(join(dirname(file), target))}` : target))
}

function inside(file: string, target: string): boolean {
  return target.startsWith(`src:${file.split('/')[0]}/`)
}

function allowed(file: string, target: string): boolean {
  const here = folderOf(file)
  if (!target.startsWith('src:')) return HOME[packageOf(target)]?.includes(here) ?? true
  const path = target.slice('src:'.length)
  if (path.startsWith('../')) return /^\.\.\/(schemas\/|package\.json)/.test(path)
  return DOORS[file]?.includes(path) === true || mayImport(here, folderOf(path))
}

function mayImport(here: string, there: string): boolean {
  if (here === there) return true
  return NOT[here]?.includes(there) !== true && (MAY[family(here)] ?? []).includes(family(there))
}

/** `core/diff/x.ts` -> `core/diff`; `server/graphql/x.ts` -> `server`. */
function folderOf(file: string): string {
  const parts = file.split('/')
  return parts.slice(0, parts[0] === 'core' || parts[0] === 'adapters' ? 2 : 1).join('/')
}

/** `core/diff` -> `core/*`. */
function family(folder: string): string {
  return folder.replace(/^(core|adapters)\/.*$/, '$1/*')
}

/** `ajv/dist/2020.js` -> `ajv`; `@a/b/c` -> `@a/b`. */
function packageOf(target: string): string {
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/')
}

/** Source without comments, so that prose may name what code may not. */
function code(path: string): string {
  return readFileSync(path, 'utf8')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/(^|\s)\/\/ .*$/gm, '')
}
