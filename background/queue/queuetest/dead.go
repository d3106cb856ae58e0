package queuetest

import (
	"strconv"

	"github.com/fxhost/fxhost/background/queue"
)

// bury sends messages with the bodies 0, 1, ... and buries them in that order.
func (b *bench) bury(q queue.Queue, count int) {
	b.Helper()
	r := b.receive(q, 1)
	for i := range count {
		m := message(strconv.Itoa(i))
		m.Headers = map[string]string{"number": m.ID}
		b.must(q.Send(b.soon(), m))
		d := b.nextIs(r, strconv.Itoa(i))
		if i == 0 { // with a second attempt
			b.must(d.Nack(b.soon(), 0))
			d = b.nextIs(r, "0")
		}
		b.must(d.Bury(b.soon(), "reason "+strconv.Itoa(i)))
	}
	b.close(r)
}

func (b *bench) letters(q queue.Queue, after string, limit int) []queue.DeadLetter {
	b.Helper()
	letters, err := q.DeadLetters(b.soon(), after, limit)
	b.must(err)
	return letters
}

func deadLettersAreListed(b *bench) {
	q := b.queue()
	if letters := b.letters(q, "", 10); len(letters) != 0 {
		b.Errorf("there are %v already", letters)
	}
	b.bury(q, 7)
	for range 2 { // the first time has changed nothing
		var all []queue.DeadLetter
		for {
			after := ""
			if len(all) > 0 {
				after = all[len(all)-1].ID
			}
			page := b.letters(q, after, 3)
			if len(page) > 3 {
				b.Fatalf("%d on a page of 3", len(page))
			}
			if len(page) == 0 {
				break
			}
			all = append(all, page...)
		}
		if len(all) != 7 {
			b.Fatalf("%d dead letters, want 7", len(all))
		}
		for i, letter := range all {
			attempts := 1
			if i == 0 {
				attempts = 2
			}
			if letter.Reason != "reason "+strconv.Itoa(i) || string(letter.Message.Body) != strconv.Itoa(i) ||
				letter.Attempts != attempts || letter.At.IsZero() || letter.Message.Headers["number"] != letter.Message.ID {
				b.Errorf("dead letter %d is %+v with %+v", i, letter, letter.Message)
			}
		}
	}
	b.nothing(b.receive(q, 1), moment)
	all := b.letters(q, "", 10)
	if n, err := q.Discard(b.soon(), all[2].ID); n != 1 || err != nil {
		b.Errorf("discarded %d, %v, want 1", n, err)
	}
	if rest := b.letters(q, all[2].ID, 10); len(rest) != 4 || rest[0].ID != all[3].ID {
		b.Errorf("behind one that is gone are %+v, want the last 4 of %+v", rest, all)
	}
}

func resendSendsOnce(b *bench) {
	q := b.queue()
	b.bury(q, 4)
	letters := b.letters(q, "", 10)
	first, second := letters[0], letters[1]
	sent, err := q.Resend(b.soon(), first.ID, "424242", first.ID, "no such")
	b.must(err)
	if sent != 1 {
		b.Errorf("sent %d, want 1: one ID was given twice, two are unknown", sent)
	}
	r := b.receive(q, 2)
	d := b.nextIs(r, "0")
	if d.Attempt() != 1 || d.Message().ID != first.Message.ID || d.Message().Headers["number"] != first.Message.ID {
		b.Errorf("attempt %d of %+v, want the first of %+v", d.Attempt(), d.Message(), first.Message)
	}
	b.ack(d)
	if n, err := q.Discard(b.soon(), second.ID, second.ID, first.ID); n != 1 || err != nil {
		b.Errorf("discarded %d, %v, want 1", n, err)
	}
	if sent, err = q.Resend(b.soon(), first.ID, second.ID); sent != 0 || err != nil {
		b.Errorf("sent %d, %v, want none: they are gone", sent, err)
	}
	if left := b.letters(q, "", 10); len(left) != 2 || left[0].ID != letters[2].ID || left[1].ID != letters[3].ID {
		b.Errorf("left are %+v", left)
	}
	b.nothing(r, moment)
	if b.can.Order {
		spec := b.exclusive()
		spec.Name += "-order"
		b.resendKeepsTheOrder(b.open(b.first, spec))
	}
}

func (b *bench) resendKeepsTheOrder(q queue.Queue) {
	b.Helper()
	b.bury(q, 4)
	var ids []string
	for _, letter := range b.letters(q, "", 10) {
		ids = append(ids, letter.ID)
	}
	if sent, err := q.Resend(b.soon(), ids[2], ids[0], ids[3]); sent != 3 || err != nil {
		b.Errorf("sent %d, %v, want 3", sent, err)
	}
	r := b.receive(q, 1)
	for _, want := range []string{"2", "0", "3"} {
		b.ack(b.nextIs(r, want))
	}
	b.close(r)
}
