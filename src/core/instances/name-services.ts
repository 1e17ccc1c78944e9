import type { DesiredDeployment } from '../../domain/desired.ts'
import type { InstanceService } from '../../domain/instance.ts'
import { byText, textAt } from '../../util/json.ts'

/**
 * The declared services with their host names.
 *
 * Shape: external ones get `<service>-<id>.<fqdn_suffix>` and the readable `<service>-<environment>.<fqdn_suffix>`;
 *        internal ones, and all where no suffix is set, get `''`.
 * Order: by name.
 */
export function nameServices({
  driver,
  id,
  environment,
  config,
}: Pick<DesiredDeployment, 'driver' | 'id' | 'environment' | 'config'>): readonly InstanceService[] {
  const suffix = (textAt(config, 'fqdn_suffix') ?? '').replace(/^\.+/, '')
  return driver.spec.services
    .map((service) => {
      const named = service.scope === 'external' && suffix !== ''
      return {
        name: service.name,
        kind: service.kind,
        scope: service.scope,
        port: service.port,
        component: service.component,
        primary_fqdn: named ? `${service.name}-${id}.${suffix}` : '',
        human_readable_fqdn: named ? `${service.name}-${environment.name}.${suffix}` : '',
      }
    })
    .sort(byText(({ name }) => name))
}
