import { action } from 'styrmin/actions'

/** Stops what writes, moves the version, migrates the database with the new image, and starts again. */
export const upgrade = action(async ({ targetVersion, primitives }) => {
  await primitives.stopComponents({ components: ['server', 'worker'] })
  await primitives.upgradeDeploymentVersion({ targetVersion })

  const images = await primitives.getComponentImages({ component: 'server' })
  const image = images.find((name) => name.includes('my-app'))
  if (image === undefined) throw new Error('the server has no image named my-app')
  const base = image.slice(0, image.lastIndexOf(':'))

  await primitives.executeCommands([['my-app-upgrade', '--to', targetVersion]], {
    image: `${base}:${targetVersion}`,
    envFromComponent: 'server',
    labelsFromComponent: 'server',
  })
  await primitives.startComponents({ components: ['server', 'worker'] })
})
