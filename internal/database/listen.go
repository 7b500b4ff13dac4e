package database

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Listen calls heard for notifications on a channel of a PostgreSQL database, and once when it begins to listen, as some
// may have been missed before. It has a connection of its own and returns when that breaks or the context ends.
func Listen(ctx context.Context, location, channel string, heard func()) error {
	location, _, err := poolSize(location)
	if err != nil {
		return err
	}
	config, err := pgx.ParseConfig(location)
	if err != nil {
		return fmt.Errorf("the URL is malformed") // the driver's error may repeat it, password and all
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("connect to listen: %w", err)
	}
	defer func() {
		farewell, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(farewell)
	}()
	//sql:built LISTEN takes no placeholder; the channel is quoted as the identifier it is
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	heard()
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		heard()
	}
}
