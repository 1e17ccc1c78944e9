import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SetupError } from '../domain/errors.ts'

/** What signs intents, and what agents pin. */
export interface SigningKey {
  readonly privateKey: KeyObject
  /** SPKI PEM. */
  readonly publicKeyPem: string
}

/**
 * The server's ed25519 key from a file that only its owner may read; made when it is not there.
 *
 * Errors: SetupError STY400 when the file holds no such key.
 */
export async function loadSigningKey(file: string): Promise<SigningKey> {
  const pem = (await readFile(file, 'utf8').catch(() => undefined)) ?? (await makeKeyFile(file))
  try {
    const privateKey = createPrivateKey(pem)
    if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error(`it is a key for ${privateKey.asymmetricKeyType}`)
    return { privateKey, publicKeyPem: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString() }
  } catch (cause) {
    throw new SetupError('STY400', `${file} holds no ed25519 private key`, {
      hint: 'Restore the file from a backup; with a new key every agent must be registered again.',
      cause,
    })
  }
}

async function makeKeyFile(file: string): Promise<string> {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  await mkdir(dirname(file), { recursive: true })
  const draft = await open(`${file}.draft`, 'w', 0o600)
  await draft.writeFile(pem)
  await draft.sync()
  await draft.close()
  await rename(`${file}.draft`, file)
  return pem
}
