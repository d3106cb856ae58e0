// Package queue hands work over: messages to their handlers, and functions to
// workers.
//
// # Messages
//
// A message is a plain struct. [Handle] registers the handler of a type of message.
// [Sender] sends it, and is injectable:
//
//	func (h *SendInvoiceHandler) Handle(ctx context.Context, m SendInvoice) error { ... }
//
//	builder.Add(queue.Handle[SendInvoice](NewSendInvoiceHandler, queue.Concurrency(8)))
//
//	func NewShop(invoices queue.Sender[SendInvoice]) *Shop { ... }
//
//	err := s.invoices.Send(ctx, SendInvoice{Customer: "Ada", Amount: 100})
//
// Each message is handled at least once, by a new handler in a scope of its own. A
// message that fails is tried again after a wait ([Attempts], [Backoff]). After the
// last attempt it is a dead letter: it is kept until somebody sends it again or
// discards it, see [Queues]. Messages of an [Ordered] type are handled in order by
// key. [From] tells a handler about its message. [Declare] is for a program that sends
// messages which another one handles, or that receives them in a loop of its own with
// a [Consumer].
//
// # Functions
//
// [TaskQueue] is a bounded queue of functions, with workers that run them.
//
// # Engines
//
// Without an engine, messages are kept in memory: bounded, and until the process ends.
// [UseMemory] sets the bounds. An engine makes them durable, or shares them with other
// processes: add it to the application, and change nothing else.
//
// Only the author of an engine needs the rest of the package: [Transport] and what it
// uses, which are [Spec], [Queue], [TxSender], [Receiver], [Delivery], [Envelope],
// [State], [Capabilities] and [Use]. Package queuetest tests an engine.
package queue
