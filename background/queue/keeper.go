package queue

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// keeper keeps what is being handled from being taken over, however long that
// takes.
type keeper struct {
	mu    sync.Mutex
	hands map[*hand]struct{}
}

// hand holds a delivery, or none. Its fields below the blank line are guarded by the
// keeper's lock.
type hand struct {
	keeper    *keeper
	partition int // that it was received from, of a loop

	delivery Delivery
	lost     context.CancelCauseFunc
	watched  *watched // of a loop; nil if nobody watches
}

// hand returns a new one, which is kept until it is removed.
func (k *keeper) hand() *hand {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.hands == nil {
		k.hands = map[*hand]struct{}{}
	}
	h := &hand{keeper: k}
	k.hands[h] = struct{}{}
	return h
}

func (k *keeper) remove(h *hand) {
	k.mu.Lock()
	defer k.mu.Unlock()
	h.delivery = nil
	delete(k.hands, h)
}

func (h *hand) setWatched(w *watched) {
	h.keeper.mu.Lock()
	defer h.keeper.mu.Unlock()
	h.watched = w
}

// takeWatched returns what watches h, and nil from then on.
func (h *hand) takeWatched() *watched {
	h.keeper.mu.Lock()
	defer h.keeper.mu.Unlock()
	w := h.watched
	h.watched = nil
	return w
}

// hold begins to keep d. lost is called with [ErrLost] when another process has it,
// but not once it was released.
func (h *hand) hold(d Delivery, lost context.CancelCauseFunc) {
	h.keeper.mu.Lock()
	defer h.keeper.mu.Unlock()
	h.delivery, h.lost = d, lost
}

func (h *hand) release() {
	h.keeper.mu.Lock()
	defer h.keeper.mu.Unlock()
	h.delivery, h.lost = nil, nil
}

// all are the hands that have not been removed.
func (k *keeper) all() []*hand {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Collect(maps.Keys(k.hands))
}

// held are the hands that are not empty, with what they hold.
func (k *keeper) held() map[*hand]Delivery {
	k.mu.Lock()
	defer k.mu.Unlock()
	held := map[*hand]Delivery{}
	for h := range k.hands {
		if h.delivery != nil {
			held[h] = h.delivery
		}
	}
	return held
}

// run extends everything until ctx ends.
func (k *keeper) run(ctx context.Context, takeover time.Duration) {
	ticker := time.NewTicker(takeover / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		for h, d := range k.held() {
			if err := d.Extend(ctx); errors.Is(err, ErrLost) {
				k.lose(h, d)
			}
		}
	}
}

func (k *keeper) lose(h *hand, d Delivery) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if h.delivery == d {
		h.lost(ErrLost)
	}
}
