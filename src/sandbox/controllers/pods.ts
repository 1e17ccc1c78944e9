/** The one node of the sandbox. */
export const NODE = 'sandbox'
