// Comes in: commit statuses. Goes out: calls of the commit-status API that GitHub and Gitea share.
// Never: a credential to another host; redirects are not followed.
import { SetupError, UnreachableError } from '../../domain/errors.ts'
import type { Forge } from '../../ports/forge.ts'
import type { CommitStatus } from '../../ports/store.ts'
import { shorten } from '../../util/text.ts'

export interface ForgeOptions {
  readonly kind: 'github' | 'gitea'
  /** Address of the API: `https://api.github.com`, `https://gitea.example.com/api/v1`. */
  readonly api: string
  readonly owner: string
  readonly repository: string
  readonly token: string
}

const MAX_DESCRIPTION = 140
const TIMEOUT_MS = 15_000

/** Opens a forge; nothing is sent before the first status. */
export function openForge(options: ForgeOptions): Forge {
  return {
    setStatus: async (status, signal) => {
      const response = await send(options, status, signal)
      if (!response.ok) throw await refusal(response, options)
      await response.body?.cancel()
    },
  }
}

async function send(options: ForgeOptions, status: CommitStatus, signal: AbortSignal): Promise<Response> {
  const { api, owner, repository, token, kind } = options
  const path = ['repos', owner, repository, 'statuses', status.sha].map(encodeURIComponent).join('/')
  const body = {
    state: status.state,
    context: status.context,
    description: shorten(status.description, MAX_DESCRIPTION),
  }
  const headers = {
    authorization: kind === 'gitea' ? `token ${token}` : `Bearer ${token}`,
    'content-type': 'application/json',
    accept: kind === 'github' ? 'application/vnd.github+json' : 'application/json',
    'user-agent': 'styrmin',
  }
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
  try {
    return await fetch(`${api.replace(/\/$/, '')}/${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      redirect: 'error',
      signal: deadline,
    })
  } catch (cause) {
    signal.throwIfAborted()
    throw new UnreachableError('STY411', `no answer from ${new URL(api).host}`, {
      hint: 'Nothing to do: it is tried again.',
      cause,
    })
  }
}

async function refusal(response: Response, { api }: ForgeOptions): Promise<Error> {
  const text = shorten((await response.text().catch(() => '')).replaceAll(/\s+/g, ' '), 200)
  const message = `${new URL(api).host} answered ${response.status}: ${text}`
  const again = response.status >= 500 || response.status === 429 || isSecondaryLimit(response)
  if (again) return new UnreachableError('STY411', message, { hint: 'Nothing to do: it is tried again.' })
  return new SetupError('STY411', message, {
    hint: 'Check owner, repository and token of the forge in styrmin.config.yaml.',
  })
}

/** GitHub answers its secondary rate limit with 403 and `retry-after`. */
function isSecondaryLimit(response: Response): boolean {
  return response.status === 403 && response.headers.has('retry-after')
}
