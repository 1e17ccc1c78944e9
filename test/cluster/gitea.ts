// Comes in: nothing but a free port and a folder of its own.
// Goes out: a real Gitea with one user, a token, and repositories made on demand.
// Never: root; Gitea refuses it, so under root it runs as `nobody`.
import { execFile } from 'node:child_process'
import { chmod, chown, cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { announceBuild, goVersion } from './binaries.ts'
import { cachedFolder } from './cache.ts'
import { type Daemons, logTail, openDaemons } from './daemons.ts'
import { freePort } from './ports.ts'
import { eventually } from './wait.ts'

const run = promisify(execFile)

const VERSION = 'v1.26.0'
/** As the checksum database has it; the module carries its own go.sum for the rest. */
const SUM = 'h1:fJP9dqLbzKrKWUVnCVTfVersZdVDuyJQLEDzCAOmKKA='
const TAGS = 'sqlite sqlite_unlock_notify timetzdata'
const FLAGS = ['-trimpath', '-buildvcs=false', '-tags', TAGS, '-ldflags', `-s -w -X main.Version=${VERSION.slice(1)}`]
/** What Gitea reads from its source at run time. */
const STATIC = ['options', 'public', 'templates']
const NOBODY = { uid: 65534, gid: 65534, name: 'nobody' }
const PASSWORD = 'a-password-of-a-test'

/** A running Gitea. */
export interface Gitea {
  readonly url: string
  /** The one user, an administrator. */
  readonly user: string
  /** A token of that user with all scopes. */
  readonly token: string
  /** Makes an empty public repository of the user, default branch `main`. */
  createRepository(name: string): Promise<void>
  /** The HTTP address of a repository, without credentials. */
  cloneUrl(name: string): string
  stop(): Promise<void>
}

/**
 * Starts a Gitea on a free port of the loopback, with an SQLite store in a temporary folder.
 *
 * Errors: rejects with the tail of its log when it does not come up, and where Go or a C compiler is missing.
 */
export async function startGitea(): Promise<Gitea> {
  const built = await builtGitea()
  const daemons = openDaemons('gitea')
  try {
    return await start(daemons, built)
  } catch (error) {
    await daemons.stop()
    throw error
  }
}

interface Account {
  readonly uid?: number
  readonly gid?: number
  readonly name: string
}

async function start(daemons: Daemons, built: string): Promise<Gitea> {
  const account: Account = process.getuid?.() === 0 ? NOBODY : { name: userInfo().username }
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const home = await settle(daemons.folder, built, account)
  const config = join(home, 'app.ini')
  await writeFile(config, configOf(home, port, account.name), { mode: 0o644 })
  if (account.uid !== undefined) await chown(config, account.uid, account.gid ?? account.uid)

  const command = join(home, 'gitea')
  const user = 'styrmin'
  const options = {
    cwd: home,
    env: { PATH: process.env['PATH'], HOME: home, GITEA_WORK_DIR: home },
    ...(account.uid === undefined ? {} : { uid: account.uid, gid: account.gid ?? account.uid }),
  }
  await run(command, ['migrate', '--config', config], options)
  const identity = ['--username', user, '--password', PASSWORD, '--email', 'styrmin@example.test', '--admin']
  const access = ['--must-change-password=false', '--access-token', '--access-token-scopes', 'all']
  const { stdout } = await run(
    command,
    ['admin', 'user', 'create', '--config', config, ...identity, ...access],
    options,
  )
  const token = /\b[0-9a-f]{40}\b/.exec(stdout)?.[0]
  if (token === undefined) throw new Error(`Gitea made no token: ${stdout}`)

  const web = daemons.start('gitea', { command, args: ['web', '--config', config], ...options })
  await eventually({ what: 'Gitea answers', timeoutMs: 60_000 }, async () => {
    return (await fetch(`${url}/api/healthz`)).ok || undefined
  }).catch((error: unknown) => {
    throw new Error(`Gitea is not up:\n${logTail(web)}`, { cause: error })
  })

  return {
    url,
    user,
    token,
    createRepository: (name) => createRepository(url, token, name),
    cloneUrl: (name) => `${url}/${user}/${name}.git`,
    stop: () => daemons.stop(),
  }
}

/** Lays out a home that its account can read and write; the cache may be closed to it. */
async function settle(folder: string, built: string, account: Account): Promise<string> {
  const home = join(folder, 'home')
  await cp(built, home, { recursive: true })
  await mkdir(join(home, 'data'))
  if (account.uid === undefined) return home
  await chown(home, account.uid, account.gid ?? account.uid)
  await chown(join(home, 'data'), account.uid, account.gid ?? account.uid)
  return home
}

function configOf(home: string, port: number, user: string): string {
  return [
    `RUN_USER = ${user}`,
    'RUN_MODE = prod',
    '[server]',
    'PROTOCOL = http',
    'HTTP_ADDR = 127.0.0.1',
    `HTTP_PORT = ${port}`,
    'DOMAIN = 127.0.0.1',
    `ROOT_URL = http://127.0.0.1:${port}/`,
    `STATIC_ROOT_PATH = ${home}`,
    `APP_DATA_PATH = ${join(home, 'data')}`,
    'DISABLE_SSH = true',
    'OFFLINE_MODE = true',
    'LFS_START_SERVER = false',
    '[database]',
    'DB_TYPE = sqlite3',
    `PATH = ${join(home, 'data', 'gitea.db')}`,
    '[repository]',
    `ROOT = ${join(home, 'data', 'repositories')}`,
    'DEFAULT_BRANCH = main',
    '[security]',
    'INSTALL_LOCK = true',
    'SECRET_KEY = only-for-tests',
    '[service]',
    'DISABLE_REGISTRATION = true',
    '[webhook]',
    'ALLOWED_HOST_LIST = loopback',
    '[log]',
    'MODE = console',
    'LEVEL = Warn',
    '[actions]',
    'ENABLED = false',
    '[cron]',
    'ENABLED = false',
    '',
  ].join('\n')
}

async function createRepository(url: string, token: string, name: string): Promise<void> {
  const answer = await fetch(`${url}/api/v1/user/repos`, {
    method: 'POST',
    headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name, private: false, default_branch: 'main' }),
  })
  if (!answer.ok) throw new Error(`Gitea made no repository ${name}: ${answer.status} ${await answer.text()}`)
}

/** Why this machine cannot build Gitea; `undefined` where it can. */
export async function giteaMissing(): Promise<string | undefined> {
  if ((await goVersion()) === undefined) return 'there is no Go'
  return run('cc', ['--version']).then(
    () => undefined,
    () => 'there is no C compiler',
  )
}

/** The folder with the program and its static files, built once from the pinned module. */
export async function builtGitea(): Promise<string> {
  const inputs = [VERSION, SUM, FLAGS.join(' '), STATIC.join(' '), (await goVersion()) ?? '']
  return cachedFolder({ name: 'gitea', inputs }, async (half) => {
    announceBuild('gitea')
    const { stdout } = await run('go', ['mod', 'download', '-json', `code.gitea.io/gitea@${VERSION}`], { cwd: half })
    const module = JSON.parse(stdout) as { readonly Dir: string; readonly Sum: string }
    if (module.Sum !== SUM) throw new Error(`Gitea ${VERSION} has checksum ${module.Sum}, not the pinned ${SUM}`)
    const source = join(half, 'source')
    await cp(module.Dir, source, { recursive: true })
    await openUp(source)
    const args = ['build', ...FLAGS, '-o', join(half, 'gitea'), '.']
    await run('go', args, { cwd: source, env: { ...process.env, CGO_ENABLED: '1' }, maxBuffer: 1 << 26 })
    for (const name of STATIC) await cp(join(source, name), join(half, name), { recursive: true })
    await rm(source, { recursive: true })
  })
}

/** Makes a copy of the read-only module cache writable, so that it can be built in and removed. */
async function openUp(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await openUp(join(folder, entry.name))
    else if (!entry.isSymbolicLink()) await chmod(join(folder, entry.name), 0o644)
  }
}
