import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cachedFolder } from './cache.ts'

const run = promisify(execFile)

const KUBERNETES = 'v1.34.4'
const VERSION = 'k8s.io/component-base/version'
const STAMP = `-X ${VERSION}.gitVersion=${KUBERNETES} -X ${VERSION}.gitMajor=1 -X ${VERSION}.gitMinor=34`
const modules = join(import.meta.dirname, 'build')

/** A program built from a pinned Go module; `module` is the folder of its go.mod and go.sum. */
interface GoProgram {
  readonly name: string
  readonly module: string
  readonly package: string
  readonly linkFlags: string
}

/** The programs of a control plane. */
export type ProgramName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kubectl' | 'kwok'

/** All programs of a control plane, in the order in which they are needed. */
export const PROGRAMS: readonly ProgramName[] = [
  'etcd',
  'kube-apiserver',
  'kubectl',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
]

/** The path of a program: from `KUBEBUILDER_ASSETS` where it is there, else built once and cached. */
export async function binary(name: ProgramName): Promise<string> {
  const assets = process.env['KUBEBUILDER_ASSETS']
  if (assets !== undefined && existsSync(join(assets, name))) return join(assets, name)
  return goBinary(programOf(name))
}

function programOf(name: ProgramName): GoProgram {
  if (name === 'kwok') {
    return { name, module: join(modules, 'kwok'), package: 'sigs.k8s.io/kwok/cmd/kwok', linkFlags: '' }
  }
  const module = join(modules, 'kubernetes')
  if (name === 'etcd') return { name, module, package: 'go.etcd.io/etcd/server/v3', linkFlags: '' }
  return { name, module, package: `k8s.io/kubernetes/cmd/${name}`, linkFlags: STAMP }
}

/**
 * The path of a program built from its pinned module, from the cache when nothing it is built from has changed.
 *
 * Errors: rejects with the compiler's output when the build fails.
 */
async function goBinary(program: GoProgram): Promise<string> {
  const flags = ['-trimpath', '-mod=readonly', '-buildvcs=false', '-ldflags', `-s -w ${program.linkFlags}`.trimEnd()]
  const inputs = [
    await readFile(join(program.module, 'go.mod'), 'utf8'),
    await readFile(join(program.module, 'go.sum'), 'utf8'),
    program.package,
    flags.join(' '),
    (await goVersion()) ?? '',
  ]
  const folder = await cachedFolder({ name: program.name, inputs }, async (half) => {
    announceBuild(program.name)
    const args = ['build', ...flags, '-o', join(half, program.name), program.package]
    await run('go', args, { cwd: program.module, env: { ...process.env, CGO_ENABLED: '0' }, maxBuffer: 1 << 26 })
  })
  return join(folder, program.name)
}

/** What `go env GOVERSION GOOS GOARCH` says, or `undefined` where there is no Go. */
export async function goVersion(): Promise<string | undefined> {
  try {
    const { stdout } = await run('go', ['env', 'GOVERSION', 'GOOS', 'GOARCH'], { cwd: modules })
    return stdout.trim().split('\n').join(' ')
  } catch {
    return undefined
  }
}

/** Tells whoever waits why it takes minutes. */
export function announceBuild(name: string): void {
  process.stderr.write(`building ${name}, once for this machine\n`)
}
