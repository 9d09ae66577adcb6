// Package recommend finds what else a customer might like.
package recommend

// node is a product with its neighbours.
type node struct {
	near   [4]*node
	weight float64
}

// Engine walks the graph of products.
type Engine struct {
	nodes []*node
}

// NewEngine links that many products.
func NewEngine(products int) *Engine {
	e := &Engine{nodes: make([]*node, products)}
	for i := range e.nodes {
		e.nodes[i] = &node{weight: float64(i%97) / 97}
	}
	for i, n := range e.nodes {
		for k := range n.near {
			n.near[k] = e.nodes[(i*31+k*7919)%products]
		}
	}
	return e
}

// candidate is a product on the way to a recommendation.
type candidate struct {
	node *node
	from *candidate
	sum  float64
}

// Suggest walks steps products from a starting one and returns the best weight found.
func (e *Engine) Suggest(start, steps int) float64 {
	at := &candidate{node: e.nodes[start%len(e.nodes)]}
	best := 0.0
	for step := 0; step < steps; step++ {
		next := at.node.near[step%len(at.node.near)]
		at = &candidate{node: next, from: at, sum: at.sum*0.9 + next.weight}
		if at.sum > best {
			best = at.sum
		}
		if step%4096 == 4095 {
			at.from = nil
		}
	}
	return best
}
