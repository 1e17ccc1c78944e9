/** The last lines of what a pod said. */
export interface PodLogs {
  /** `''` when there is no such pod or it has not started. */
  tail(pod: { readonly namespace: string; readonly name: string }, lines: number, signal: AbortSignal): Promise<string>
}
