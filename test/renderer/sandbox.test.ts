import { execFile, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { rendererLaunch } from '../../src/renderer/launch.ts'

const run = promisify(execFile)

/** Runs code with exactly the rights of a renderer process, in place of its own. */
async function asRenderer(code: string): Promise<string> {
  const { command, args, user } = rendererLaunch()
  const wrapped = `(async () => { ${code} })().then((r) => console.log('did', r), (e) => console.log('failed', e.code ?? e.cause?.code ?? e.name))`
  const { stdout } = await run(command, [...args.slice(0, -1), '--eval', wrapped], { env: {}, cwd: '/', ...user })
  return stdout.trim()
}

test('the renderer sees no environment', async () => {
  process.env['STYRMIN_CANARY'] = 'secret'
  expect(await asRenderer('return JSON.stringify(process.env)')).toBe('did {}')
})

test.for<[string, string]>([
  ['reads no file', "return require('node:fs').readFileSync('/etc/passwd', 'utf8').length"],
  [
    'reads no neighbour of its code',
    `return require('node:fs').readFileSync(${JSON.stringify(import.meta.filename)}).length`,
  ],
  ['reads no process', "return require('node:fs').readFileSync('/proc/self/environ').length"],
  ['writes no file', "return require('node:fs').writeFileSync('/tmp/styrmin-renderer-was-here', '')"],
  ['starts no process', "return require('node:child_process').execFileSync('/bin/true')"],
  ['starts no worker', "return new (require('node:worker_threads').Worker)('1', { eval: true })"],
  ['opens no inspector', "return require('node:inspector').open(0)"],
  ['resolves no name', "return require('node:dns/promises').lookup('localhost')"],
  [
    'listens on no port',
    "return new Promise((ok, no) => require('node:net').createServer().on('error', no).listen(0, ok))",
  ],
  ['loads no add-on', "return process.dlopen({ exports: {} }, '/lib/x86_64-linux-gnu/libc.so.6')"],
  ['makes no code of text', "return new Function('return 1')()"],
])('the renderer %s', async ([, code]) => {
  expect(await asRenderer(code)).toMatch(/^failed (ERR_ACCESS_DENIED|ERR_DLOPEN_DISABLED|EvalError)$/)
})

test('the renderer reaches no server, not even on loopback', async () => {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const tcp = `return new Promise((ok, no) => require('node:net').connect(${port}, '127.0.0.1').on('error', no).on('connect', () => ok('connected')))`
  expect(await asRenderer(tcp)).toBe('failed ERR_ACCESS_DENIED')
  expect(await asRenderer(`return (await fetch('http://127.0.0.1:${port}/')).status`)).toBe('failed ERR_ACCESS_DENIED')
  server.close()
  expect(connections).toBe(0)
})

test.runIf(rendererLaunch().user !== undefined)('a renderer of its own user cannot signal its parent', async () => {
  const bystander = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'])
  expect(await asRenderer('return process.kill(process.ppid, 0)')).toBe('failed EPERM')
  expect(await asRenderer(`return process.kill(${bystander.pid}, 'SIGKILL')`)).toBe('failed EPERM')
  expect(bystander.exitCode).toBe(null)
  bystander.kill()
})
