import { describe } from 'node:test'
import { feedTests } from './client-suite/feed-tests.ts'
import { groupTests } from './client-suite/group-tests.ts'
import type { KafkaSuiteSubject } from './client-suite/kafka-world.ts'
import { offsetTests } from './client-suite/offset-tests.ts'
import { producerTests } from './client-suite/producer-tests.ts'
import { readCommittedTests } from './client-suite/read-committed-tests.ts'
import { topicTests } from './client-suite/topic-tests.ts'
import { transactionTests } from './client-suite/transaction-tests.ts'

/** What every client of Kafka must keep, against a cluster. */
export function kafkaClientSuite(name: string, subject: KafkaSuiteSubject): void {
  describe(`${name} keeps the promises of a client of Kafka`, () => {
    topicTests(subject)
    offsetTests(subject)
    feedTests(subject)
    readCommittedTests(subject)
    transactionTests(subject)
    producerTests(subject)
    groupTests(subject)
  })
}
