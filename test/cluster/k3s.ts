import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GenericContainer, Wait } from 'testcontainers'
import { kubeconfigOf } from './kubeconfig.ts'
import type { SharedAddress } from './shared.ts'

const IMAGE = 'rancher/k3s:v1.34.4-k3s1'
const PORT = 6443
const TOKENS = '/etc/styrmin-tokens.csv'
const START_MS = 180_000

/** Starts k3s, with its own node, in a container; `kubectl` is the one on the path. */
export async function startK3s(): Promise<{ readonly address: SharedAddress; stop(): Promise<void> }> {
  const token = randomBytes(24).toString('hex')
  const container = await new GenericContainer(IMAGE)
    .withPrivilegedMode()
    .withExposedPorts(PORT)
    .withTmpFs({ '/run': '', '/var/run': '' })
    .withCopyContentToContainer([{ content: `${token},admin,admin,"system:masters"\n`, target: TOKENS, mode: 0o600 }])
    .withCommand(['server', '--disable=traefik,metrics-server', `--kube-apiserver-arg=token-auth-file=${TOKENS}`])
    .withWaitStrategy(Wait.forLogMessage(/Node controller sync successful/))
    .withStartupTimeout(START_MS)
    .start()
  const { output } = await container.exec(['kubectl', 'config', 'view', '--raw'])
  const ca = Buffer.from(/certificate-authority-data: (\S+)/.exec(output)?.[1] ?? '', 'base64').toString('utf8')
  const folder = mkdtempSync(join(tmpdir(), 'styrmin-k3s-'))
  const url = `https://127.0.0.1:${container.getMappedPort(PORT)}`
  const caFile = join(folder, 'ca.crt')
  const kubeconfig = join(folder, 'kubeconfig')
  writeFileSync(caFile, ca)
  writeFileSync(kubeconfig, kubeconfigOf({ url, token, caFile }), { mode: 0o600 })
  return {
    address: { url, token, ca, caFile, kubeconfig, kubectl: 'kubectl' },
    stop: async () => {
      await container.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
