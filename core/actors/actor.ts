/**
 * Owner of state that is reached by messages only. `receive` is synchronous: it decides and changes its own state;
 * whatever takes time is started as an effect at its end and comes back as a message. A throw is a failure that the
 * supervisor judges; the actor gets no further message then.
 */
export interface Actor<Message> {
  receive(message: Message): void
}
