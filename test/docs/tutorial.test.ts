import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { freePort } from '../cluster/ports.ts'
import { eventually } from '../cluster/wait.ts'

const root = join(import.meta.dirname, '../..')
const cli = `${process.execPath} --experimental-vm-modules --disable-warning=ExperimentalWarning src/cli/main.ts`
const running: ChildProcess[] = []
const folders: string[] = []

afterAll(async () => {
  for (const child of running) {
    if (child.exitCode !== null) continue
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    await gone
  }
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })))
})

interface Answer {
  readonly code: number
  readonly out: string
  readonly err: string
}

test('the commands of the tutorial do what it says', { timeout: 240_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'styrmin-tutorial-'))
  folders.push(folder)
  const port = await freePort()
  const page = await readFile(join(root, 'docs/tutorial.md'), 'utf8')
  const blocks = [...page.matchAll(/```(sh|yaml)\n([\s\S]*?)```/g)].map(([, language = '', text = '']) => ({
    language,
    text,
  }))
  const lines = blocks.filter(({ language }) => language === 'sh').flatMap(({ text }) => text.trim().split('\n'))
  const document = blocks.find(({ language }) => language === 'yaml')?.text ?? ''
  const command = (part: string): string => {
    const line = lines.find((one) => one.includes(part))
    if (line === undefined) throw new Error(`the tutorial has no command with ${part}`)
    const local = line.replaceAll('npm run styrminctl --', cli).replaceAll('/tmp/shop', folder)
    return local.replace(/(main\.ts) (get|describe)\b/, `$1 $2 --server http://127.0.0.1:${port}`)
  }

  expect(await shell(command('git init'))).toMatchObject({ code: 0 })
  expect(await shell(command('driver add'))).toMatchObject({ code: 0 })
  await writeFile(join(folder, 'shop.yml'), document)
  expect(await shell(command('validate'))).toMatchObject({
    code: 0,
    out: expect.stringContaining('1 deployments resolve') as string,
  })
  const plan = await shell(command('plan /tmp'))
  expect(plan).toMatchObject({ code: 1, out: expect.stringContaining('create') as string })

  const mistake = document.replace('service_name: cache', 'service_name: cache, max_memory: "much"')
  await writeFile(join(folder, 'shop.yml'), mistake)
  expect(await shell(command('validate'))).toMatchObject({
    code: 2,
    err: expect.stringContaining('shop.yml:17:50: error STY221') as string,
  })
  await writeFile(join(folder, 'shop.yml'), document)

  expect(await shell(command('add --all'))).toMatchObject({ code: 0 })
  expect(await shell(command('commit -m'))).toMatchObject({ code: 0 })
  background(`${command('up /tmp')} --port ${port}`)
  await eventually({ what: 'the cache is ready', timeoutMs: 60_000, everyMs: 500 }, async () => {
    const { out } = await shell(command('get deployments'))
    return /cache\s+True/.test(out) ? out : undefined
  })
  expect((await shell(command('describe'))).out).toContain('Ready:        True')

  await writeFile(join(folder, 'shop.yml'), document.replace('version: 7.4.0', 'version: 7.4.1'))
  expect(await shell(`git -C ${folder} ${identity} commit --all -m "Move to 7.4.1"`)).toMatchObject({ code: 0 })
  expect(await shell(command('plan --base'))).toMatchObject({
    code: 1,
    out: expect.stringContaining('upgrade') as string,
  })
})

const identity = '-c user.name=Ada -c user.email=ada@example.com -c commit.gpgsign=false'

async function shell(line: string): Promise<Answer> {
  const child = spawn('sh', ['-c', line.replace(/^git -C (\S+) commit/, `git -C $1 ${identity} commit`)], { cwd: root })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [number]
  return { code, out, err }
}

function background(line: string): void {
  running.push(spawn('sh', ['-c', `exec ${line}`], { cwd: root, stdio: 'ignore' }))
}
