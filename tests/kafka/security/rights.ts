import { type Acl, AclOperations, AclPermissionTypes, ResourcePatternTypes, ResourceTypes } from '@platformatic/kafka'
import { eventually } from '../eventually.ts'
import type { KafkaFixture } from '../kafka-fixture.ts'

/** A right as kafka-acls names it, on one resource. */
export interface Right {
  readonly operation: 'READ' | 'WRITE' | 'CREATE' | 'DESCRIBE'
  readonly on: 'topic' | 'group' | 'transactional-id'
  readonly name: string
}

const RESOURCES = {
  topic: ResourceTypes.TOPIC,
  group: ResourceTypes.GROUP,
  'transactional-id': ResourceTypes.TRANSACTIONAL_ID,
} as const

/** Rights of one user, that come and go. */
export class Rights {
  readonly #fixture: KafkaFixture
  readonly #user: string

  constructor(fixture: KafkaFixture, user: string) {
    this.#fixture = fixture
    this.#user = user
  }

  /** Resolves when the broker goes by it. */
  async grant(...rights: readonly Right[]): Promise<void> {
    await this.#fixture.admin.createAcls({ creations: rights.map((right) => this.#aclOf(right)) })
    for (const right of rights) await this.#until(right, true)
  }

  async revoke(right: Right): Promise<void> {
    await this.#fixture.admin.deleteAcls({ filters: [this.#aclOf(right)] })
    await this.#until(right, false)
  }

  #aclOf({ operation, on, name }: Right): Acl {
    return {
      principal: `User:${this.#user}`,
      host: '*',
      operation: AclOperations[operation],
      permissionType: AclPermissionTypes.ALLOW,
      resourceType: RESOURCES[on],
      resourceName: name,
      resourcePatternType: ResourcePatternTypes.LITERAL,
    }
  }

  async #until(right: Right, isThere: boolean): Promise<void> {
    const filter = this.#aclOf(right)
    const message = `${right.operation} on ${right.on} ${right.name} did not ${isThere ? 'come' : 'go'}`
    await eventually(message, { looks: 200, everyMs: 10 }, async () => {
      const found = await this.#fixture.admin.describeAcls({ filter })
      return found.length > 0 === isThere ? true : undefined
    })
  }
}
