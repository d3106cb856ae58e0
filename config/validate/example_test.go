package validate_test

import (
	"fmt"
	"strings"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/config/validate"
)

type Settings struct {
	Interval time.Duration `validate:"min=1s"`
	URL      string        `validate:"required,url"`
}

func ExampleTags() {
	manager, err := config.New(config.Map(map[string]any{"Worker:Interval": "10ms"}))
	if err != nil {
		fmt.Println(err)
	}
	err = fx.New(fx.NopLogger, fx.Supply(manager),
		config.Configure("Worker", validate.Tags[Settings]()),
	).Err()
	fmt.Println(err.Error()[strings.Index(err.Error(), "config: "):])
	// Output:
	// config: Worker:Interval: "10ms": breaks the rule "min=1s" (memory)
	// config: Worker:URL: breaks the rule "required"
}
