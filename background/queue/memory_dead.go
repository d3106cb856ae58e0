package queue

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// memoryDead are the dead letters of a queue, oldest first.
type memoryDead struct {
	letters []memoryDeadLetter
	last    uint64
}

type memoryDeadLetter struct {
	number  uint64 // its ID
	message *memoryMessage
	reason  string
	at      time.Time
}

func (l memoryDeadLetter) compare(number uint64) int { return cmp.Compare(l.number, number) }

func (m *memoryDead) add(message *memoryMessage, reason string, now time.Time, limit int) error {
	if len(m.letters) >= limit {
		return fmt.Errorf("queue: no room for a dead letter beside %d: send some again or discard them", len(m.letters))
	}
	m.last++
	m.letters = append(m.letters, memoryDeadLetter{m.last, message, reason, now})
	return nil
}

// remove removes the letter with this ID; false if there is none.
func (m *memoryDead) remove(id string) (memoryDeadLetter, bool) {
	number, err := strconv.ParseUint(id, 10, 64)
	i, found := slices.BinarySearchFunc(m.letters, number, memoryDeadLetter.compare)
	if err != nil || !found {
		return memoryDeadLetter{}, false
	}
	letter := m.letters[i]
	m.letters = slices.Delete(m.letters, i, i+1)
	return letter, true
}

func (q *memoryQueue) deadLetters(after string, limit int) ([]DeadLetter, error) {
	var last uint64
	if after != "" {
		var err error
		if last, err = strconv.ParseUint(after, 10, 64); err != nil {
			return nil, fmt.Errorf("queue: %q is not the ID of a dead letter", after)
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	i, _ := slices.BinarySearchFunc(q.dead.letters, last+1, memoryDeadLetter.compare)
	var list []DeadLetter
	for _, letter := range q.dead.letters[i:min(len(q.dead.letters), i+max(0, limit))] {
		list = append(list, DeadLetter{
			ID: strconv.FormatUint(letter.number, 10), Reason: letter.reason, Message: letter.message.envelope,
			Attempts: letter.message.attempts, At: letter.at,
		})
	}
	return list, nil
}

// resend takes room that may not be there, rather than have somebody wait who
// makes some.
func (q *memoryQueue) resend(ids []string) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	sent, now := 0, time.Now()
	for _, id := range ids {
		if letter, found := q.dead.remove(id); found {
			q.stored++
			q.append(&memoryMessage{envelope: letter.message.envelope, since: now})
			sent++
		}
	}
	q.dispatch()
	return sent
}

func (q *memoryQueue) discard(ids []string) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	discarded := 0
	for _, id := range ids {
		if _, found := q.dead.remove(id); found {
			discarded++
		}
	}
	return discarded
}
