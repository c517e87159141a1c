import type { ApiRange } from '../client/broker-line.ts'
import type { Offered } from './cluster-questions.ts'

const FETCH = 1

/** The highest version of Fetch that releases of Apache Kafka offer, newest first. */
const RELEASES: readonly { readonly fetch: number; readonly release: string }[] = [
  { fetch: 18, release: '4.1 or later' },
  { fetch: 17, release: '3.9 or 4.0' },
  { fetch: 16, release: '3.7 or 3.8' },
  { fetch: 14, release: '3.5 or 3.6' },
  { fetch: 13, release: '3.1 to 3.4' },
  { fetch: 0, release: 'before 3.1' },
]

/** The release, as well as it can be told: a broker says only which versions of requests it takes. */
export function releaseText(offered: Offered): string {
  const most = offered.get(FETCH)?.most ?? 0
  const { release } = RELEASES.find(({ fetch }) => most >= fetch)!
  return `Kafka ${release}, by Fetch ${rangeText(offered.get(FETCH))}`
}

/** What of the needed requests a broker does not take, as text; empty where it takes all. */
export function missingText(needs: readonly ApiRange[], offered: Offered): string {
  const missing = needs.filter(({ key, least, most }) => {
    const range = offered.get(key)
    return range === undefined || range.most < least || range.least > most
  })
  return missing
    .map((need) => `${need.name} ${rangeText(need)} is needed, it offers ${rangeText(offered.get(need.key))}`)
    .join('; ')
}

function rangeText(range: { readonly least: number; readonly most: number } | undefined): string {
  if (range === undefined) return 'none'
  return range.least === range.most ? `${range.least}` : `${range.least} to ${range.most}`
}
