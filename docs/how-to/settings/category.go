package settings

import (
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/logging"
)

// Orders returns the services of one part of the program.
func Orders() fx.Option {
	return logging.Category("orders", Module())
}

// Prices are a singleton of fx.Provide.
type Prices struct{ log *zap.Logger }

// NewPrices is given to fx.Provide, which names no logger.
func NewPrices(loggers *logging.Factory) *Prices {
	return &Prices{log: loggers.CreateLogger("orders.Prices")}
}

// Read reads a price.
func (p *Prices) Read(item string) { p.log.Info("price read", zap.String("item", item)) }
