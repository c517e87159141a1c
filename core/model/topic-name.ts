const TOPIC_NAME = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/

/** What can be the name of a topic, in Kafka (the rule is that of its Topic.java) and as a directory everywhere. */
export function isTopicName(name: unknown): boolean {
  return typeof name === 'string' && TOPIC_NAME.test(name)
}
