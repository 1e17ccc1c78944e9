import { readdir } from 'node:fs/promises'
import { goVersion } from './binaries.ts'
import type { MachineFacts } from './choose.ts'

/** Looks at this machine: its assets, its container engine and its Go. */
export async function machineFacts(): Promise<MachineFacts> {
  const folder = process.env['KUBEBUILDER_ASSETS']
  const assets = folder === undefined ? undefined : await readdir(folder).catch(() => [])
  const go = (await goVersion())?.split(' ')[0]
  return {
    ...(assets === undefined ? {} : { assets }),
    engine: await engineAnswers(),
    ...(go === undefined ? {} : { go }),
  }
}

async function engineAnswers(): Promise<boolean> {
  const { getContainerRuntimeClient } = await import('testcontainers')
  return getContainerRuntimeClient().then(
    () => true,
    () => false,
  )
}
