// Package queue is for work that is handed over: messages, which have handlers, and
// tasks, which are functions.
//
// A message is a plain struct. [Handle] registers what handles it, made anew in a
// scope for each; a [Sender] sends it:
//
//	queue.Handle[SendInvoice](NewSendInvoiceHandler, queue.Concurrency(8))
//
//	func (h *SendInvoiceHandler) Handle(ctx context.Context, m SendInvoice) error
//
//	func NewShop(invoices queue.Sender[SendInvoice]) *Shop // invoices.Send(ctx, SendInvoice{...})
//
// Each message is handled at least once: one that fails is tried again after a
// while, and becomes a dead letter in the end, which is kept, listed and sent again
// by [Queues]. Those of an [Ordered] type are handled in order by key. A program
// that wants a loop of its own has a [Consumer].
//
// The messages go to a [Transport]. Without one they are kept in memory, bounded,
// and end with the process; an engine adds one, and nothing else changes.
//
// A [TaskQueue] is a bounded queue of functions with workers that run them.
package queue
