import { constants } from 'node:fs'
import { link, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Enqueue } from '../_lib/env.ts'
import { DELIVERIES, formatJob, LOGS, parseJob, SENTINEL, STATES } from '../_lib/job.ts'

/** Makes a job folder of a folder: its states, and the sentinel that tells it from an unmounted path. */
export async function prepareJobsFolder(folder: string): Promise<void> {
  for (const name of [...STATES, DELIVERIES, LOGS]) {
    await mkdir(join(folder, name), { recursive: true })
  }
  await (await open(join(folder, SENTINEL), 'a')).close()
}

/**
 * Queues jobs in a maildir, once a delivery, also across replicas and crashes.
 *
 * The job is written under a hidden name, claimed by a link named after its delivery, and renamed
 * into the queue. Whoever finds the claim taken finishes the rename if the first one died before
 * it, so a delivery is neither lost nor queued twice. The claim is read back and not inferred from
 * what `link` said: over NFS a repeated call may fail although the first one went through.
 */
export function jobsFolder(folder: string): Enqueue {
  const hidden = (id: string) => join(folder, 'new', `.${id}.json`)
  const queued = (id: string) => join(folder, 'new', `${id}.json`)

  // Of all who try, exactly one finds the hidden file.
  async function publish(id: string): Promise<boolean> {
    const published = await rename(hidden(id), queued(id)).then(() => true, unless('ENOENT'))
    await syncFolder(join(folder, 'new'))
    return published
  }

  return async (job) => {
    await stat(join(folder, SENTINEL))
    const claim = join(folder, DELIVERIES, `${job.delivery}.json`)
    await writeDurably(hidden(job.id), formatJob(job)).catch(async (cause) => {
      await unlink(hidden(job.id)).catch(() => {})
      throw cause
    })
    await syncFolder(join(folder, 'new'))
    await link(hidden(job.id), claim).catch(unless('EEXIST'))
    await syncFolder(join(folder, DELIVERIES))
    const { id } = parseJob(await readFile(claim, 'utf8'))
    if (id !== job.id) await unlink(hidden(job.id))
    const published = await publish(id)
    return id === job.id || published ? id : undefined
  }
}

function unless(code: string) {
  return (cause: NodeJS.ErrnoException): false => {
    if (cause.code === code) return false
    throw cause
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o660)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
