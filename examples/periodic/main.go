// Command periodic synchronizes the prices of a shop with those of a supplier: at
// the start, and then as often as section SyncPrices of appsettings.json says.
// Every night at two it reports. Change the interval while it runs; stop it with
// Ctrl-C.
package main

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted/scope"
)

// SyncPrices is a job: each run is a new value in a scope of its own.
type SyncPrices struct {
	supplier Supplier
	update   *Update
	log      *zap.Logger
}

func NewSyncPrices(supplier Supplier, update *Update, log *zap.Logger) *SyncPrices {
	return &SyncPrices{supplier, update, log}
}

// Run does the work once. An error is logged, and the next run comes all the same.
func (s *SyncPrices) Run(ctx context.Context) error {
	prices, err := s.supplier.Prices(ctx)
	if err != nil {
		return err
	}
	maps.Copy(s.update.prices, prices)
	s.update.Commit()
	s.log.Info("prices synchronized", zap.Int("products", len(prices)))
	return nil
}

// Report is another job.
type Report struct {
	catalogue *Catalogue
	log       *zap.Logger
}

func NewReport(catalogue *Catalogue, log *zap.Logger) *Report { return &Report{catalogue, log} }

func (r *Report) Run(context.Context) error {
	prices := r.catalogue.Prices()
	if len(prices) == 0 {
		return errors.New("there are no prices")
	}
	r.log.Info("report", zap.Any("prices", prices))
	return nil
}

// jobs are what the program does, and when.
func jobs() fx.Option {
	return fx.Options(
		fx.Provide(NewCatalogue),
		scope.Provide(NewUpdate),
		background.AddJob[*SyncPrices](NewSyncPrices,
			background.FromSection("SyncPrices"),
			background.RunAtStart(),
			background.RunTimeout(10*time.Second),
			background.Retry(3, 500*time.Millisecond, time.Minute),
		),
		background.AddJob[*Report](NewReport, background.Cron("0 2 * * *", time.Local)),
	)
}

func main() {
	builder := host.NewBuilder(os.Args[1:])
	builder.Add(jobs(), fx.Provide(func() Supplier { return moody{} }))
	os.Exit(host.ExitCode(builder.Run(context.Background())))
}

// Catalogue has the prices of the shop. It is a singleton.
type Catalogue struct {
	mu     sync.Mutex
	prices map[string]int
}

func NewCatalogue() *Catalogue { return &Catalogue{prices: map[string]int{}} }

// Prices returns all prices.
func (c *Catalogue) Prices() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.prices)
}

// Update changes prices all at once, or not at all. Each run has its own.
type Update struct {
	catalogue *Catalogue
	prices    map[string]int
}

func NewUpdate(catalogue *Catalogue) *Update { return &Update{catalogue, map[string]int{}} }

// Commit makes the new prices those of the catalogue.
func (u *Update) Commit() {
	u.catalogue.mu.Lock()
	defer u.catalogue.mu.Unlock()
	maps.Copy(u.catalogue.prices, u.prices)
}

// Supplier knows what things cost.
type Supplier interface {
	Prices(ctx context.Context) (map[string]int, error)
}

// moody stands for the service of a supplier that does not always answer.
type moody struct{}

func (moody) Prices(context.Context) (map[string]int, error) {
	if rand.N(3) == 0 {
		return nil, errors.New("supplier does not answer")
	}
	return map[string]int{"tea": 300 + rand.N(200), "coffee": 500 + rand.N(200)}, nil
}
