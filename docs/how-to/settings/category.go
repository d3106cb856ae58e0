package settings

import (
	"go.uber.org/fx"

	"github.com/fxhost/fxhost/logging"
)

// Orders are the services of one part of the program.
func Orders() fx.Option {
	return logging.Category("orders", Module())
}
