/** What the agent asks of the API server for its own work, before any chart: group, resource, verbs, name if it has one. */
export const AGENT_RIGHTS: readonly (readonly [group: string, resource: string, verbs: string, name?: string])[] = [
  // install-crds.ts
  ['apiextensions.k8s.io', 'customresourcedefinitions', 'create'],
  ['apiextensions.k8s.io', 'customresourcedefinitions', 'get patch', 'styrmindeployments.styrmin.io'],
  ['apiextensions.k8s.io', 'customresourcedefinitions', 'get patch', 'styrminruns.styrmin.io'],
  // steps/namespace.ts
  ['', 'namespaces', 'get create patch'],
  // lease.ts
  ['coordination.k8s.io', 'leases', 'get create update'],
  // pull.ts, status.ts, forget.ts
  ['styrmin.io', 'styrmindeployments', 'get list watch create patch delete'],
  ['styrmin.io', 'styrmindeployments/status', 'update'],
  // begin-run.ts, run-journal.ts, collect.ts
  ['styrmin.io', 'styrminruns', 'get list watch create delete'],
  ['styrmin.io', 'styrminruns/status', 'update'],
  // pull.ts
  ['', 'configmaps', 'get create patch'],
  // bundle-store.ts, steps/generated.ts, steps/await-job.ts
  ['', 'secrets', 'get list create delete'],
  // steps/commands.ts, steps/hooks.ts, steps/remove.ts
  ['batch', 'jobs', 'get list watch create patch delete'],
  ['', 'pods', 'list'],
  ['', 'pods/log', 'get'],
  ['', 'persistentvolumeclaims', 'get list delete'],
]

/** The kinds of usual charts; each is applied, followed in all namespaces, and deleted. */
export const CHART_RESOURCES: readonly (readonly [group: string, resource: string])[] = [
  ['', 'configmaps'],
  ['', 'persistentvolumeclaims'],
  ['', 'pods'],
  ['', 'secrets'],
  ['', 'serviceaccounts'],
  ['', 'services'],
  ['apps', 'daemonsets'],
  ['apps', 'deployments'],
  ['apps', 'statefulsets'],
  ['autoscaling', 'horizontalpodautoscalers'],
  ['batch', 'cronjobs'],
  ['batch', 'jobs'],
  ['networking.k8s.io', 'ingresses'],
  ['networking.k8s.io', 'networkpolicies'],
  ['policy', 'poddisruptionbudgets'],
  ['rbac.authorization.k8s.io', 'rolebindings'],
  ['rbac.authorization.k8s.io', 'roles'],
]

/** How an object of a chart is worked with. */
export const CHART_VERBS = 'get list watch create patch delete'
