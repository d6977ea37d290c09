package fake

import (
	"context"
	"time"
)

// troubleEvery is how often something goes wrong in a troubled life.
const troubleEvery = 30 * time.Second

// Trouble lets something go wrong now and then until ctx ends, by the seed.
func (l *Living) Trouble(ctx context.Context) {
	all := []string{FaultDrop, FaultNiks3, FaultNotPushed, FaultWorker, FaultBuildbot, FaultSlow, FaultRequest, FaultHang}
	next := time.NewTicker(troubleEvery)
	defer next.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
			_ = l.Fault(all[below(l.draw(drawHost, n), len(all))])
		}
	}
}
