import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { goVersion } from './binaries.ts'
import { cachedFolder } from './cache.ts'

const run = promisify(execFile)

/** The real `helm` of a version, built once from its Go module. Errors: whatever the Go compiler says. */
export async function helmProgram(version: string): Promise<string> {
  const linkFlags = `-s -w -X helm.sh/helm/v4/internal/version.version=${version}`
  const inputs = [`helm.sh/helm/v4/cmd/helm@${version}`, (await goVersion()) ?? '', linkFlags]
  const folder = await cachedFolder({ name: 'helm', inputs }, async (half) => {
    const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOBIN: half, GOTOOLCHAIN: 'local' }
    const args = ['install', '-trimpath', `-ldflags=${linkFlags}`, `helm.sh/helm/v4/cmd/helm@${version}`]
    await run('nice', ['go', ...args], { env, cwd: half, maxBuffer: 64 << 20 })
  })
  return join(folder, 'helm')
}
