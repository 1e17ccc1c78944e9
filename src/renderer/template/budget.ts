import { TemplateFault } from './fault.ts'

/** How much one render of a template may do. */
export interface TemplateLimits {
  /** Expressions worked out and items produced. */
  readonly steps: number
  /** Characters of one text, and of the output. */
  readonly text: number
  /** Items of one list. */
  readonly items: number
}

/** Far above what a values template needs, far below what delays others. */
export const TEMPLATE_LIMITS: TemplateLimits = { steps: 1_000_000, text: 1_048_576, items: 10_000 }

/** Counts what one render does. */
export class Budget {
  readonly #limits: TemplateLimits
  #steps = 0
  #written = 0

  constructor(limits: TemplateLimits) {
    this.#limits = limits
  }

  /** Counts work. Errors: TemplateFault `limit`. */
  spend(steps: number): void {
    this.#steps += steps
    if (this.#steps > this.#limits.steps) throw this.#over(`more than ${this.#limits.steps} steps`)
  }

  /** Checks a text before it is made; its size is work too. */
  text(length: number): void {
    if (length > this.#limits.text) throw this.#over(`a text longer than ${this.#limits.text} characters`)
    this.spend(1 + (length >> 6))
  }

  /** Checks a list before it is made. */
  items(count: number): void {
    if (count > this.#limits.items) throw this.#over(`a list of more than ${this.#limits.items} items`)
    this.spend(count)
  }

  /** Counts output. */
  write(length: number): void {
    this.#written += length
    if (this.#written > this.#limits.text) throw this.#over(`more than ${this.#limits.text} characters of output`)
    this.spend(1)
  }

  #over(what: string): TemplateFault {
    return new TemplateFault('limit', `the template makes ${what}`, { hint: 'Make loops and lists smaller.' })
  }
}
