"use strict";
// Opens and shuts boxes. What is known of the picture are numbers: where everything lies while all is shut. Where a box
// opens, its column becomes wider, and of the heights those between its edges are drawn apart; all else keeps its order.
(function () {
  const data = JSON.parse(document.getElementById("numbers").textContent);
  const open = new Set();
  const round = (value) => Math.round(value * 10) / 10;
  const move = (element, x, y) => element.setAttribute("transform", "translate(" + round(x) + " " + round(y) + ")");
  const set = (element, values) => { for (const name in values) element.setAttribute(name, round(values[name])); };

  // The height of what is kept in its line when a box opens: its first port.
  function first(height, takes, gives) {
    const ports = takes.concat(gives);
    return ports.length ? ports[0] : height / 2;
  }

  // A box that is open: its size, and where its ports and what is inside lie.
  function opened(node) {
    const head = Math.max(node.head, node.top + node.port * (node.weights + 0.5));
    const margin = node.aligned ? 0 : node.margin;
    const inner = node.inside.map(([graph, title, room]) => ({ graph: graph, title: title, room: room, at: layout(graph) }));
    let width = node.min;
    let y = head;
    for (const one of inner) {
      width = Math.max(width, one.at.width + 2 * margin, one.room + 2 * node.margin);
      y += one.title;
      one.y = y;
      y += one.at.height + node.margin;
    }
    const height = Math.max(y, head + node.margin) + node.bottom;
    for (const one of inner) one.x = node.aligned ? 0 : (width - one.at.width) / 2;
    const found = { width: width, height: height, inner: inner, takes: [], gives: [] };
    for (let place = 0; place < node.weights; place++) found.takes.push(node.top + node.port * (place + 0.75));
    if (node.aligned) {
      found.takes.push(...inner[0].at.takes.map((port) => port + inner[0].y));
      found.gives.push(...inner[0].at.gives.map((port) => port + inner[0].y));
    }
    return found;
  }

  // Heights in their order, at least a pitch apart, each as near to what is wanted as that allows.
  function apart(heights) {
    const pools = [];
    heights.forEach((height, place) => {
      let total = height - place * data.pitch, count = 1;
      while (pools.length && pools[pools.length - 1][0] / pools[pools.length - 1][1] > total / count) {
        const [before, size] = pools.pop();
        total += before;
        count += size;
      }
      pools.push([total, count]);
    });
    return pools.flatMap(([total, count]) => Array(count).fill(total / count)).map((one, place) => one + place * data.pitch);
  }

  // Where everything of a graph lies now.
  function layout(index) {
    const graph = data.graphs[index];
    const sizes = graph.places.map(([, , , width, height, takes, gives, node]) => {
      if (node < 0 || !open.has(node)) return { width: width, height: height, takes: takes, gives: gives };
      const found = opened(data.nodes[node]);
      const middle = (data.nodes[node].head + found.height - data.nodes[node].bottom) / 2;
      const spread = (count) => Array.from({ length: count }, (_, place) =>
        middle + data.nodes[node].port * (place - (count - 1) / 2));
      if (!data.nodes[node].aligned) {
        found.takes.push(...spread(takes.length - found.takes.length));
        found.gives = spread(gives.length);
      }
      return found;
    });
    // Heights: between the edges of an open box, and above and below its first port, they are drawn apart.
    const pieces = [];
    graph.places.forEach(([, , y, , height, takes, gives, node], place) => {
      if (node < 0 || !open.has(node)) return;
      const size = sizes[place];
      const old = first(height, takes, gives), now = first(size.height, size.takes, size.gives);
      pieces.push([y, y + old, Math.max(1, now / old)]);
      pieces.push([y + old, y + height, Math.max(1, (size.height - now) / (height - old))]);
    });
    const cuts = [...new Set(pieces.flatMap(([from, to]) => [from, to]))].sort((a, b) => a - b);
    const slopes = cuts.map((cut, place) => place + 1 < cuts.length
      ? Math.max(1, ...pieces.filter(([from, to]) => from <= cut && to >= cuts[place + 1]).map((piece) => piece[2])) : 1);
    const high = (y) => {
      let found = y;
      for (let place = 0; place < cuts.length && cuts[place] < y; place++) {
        const end = place + 1 < cuts.length ? Math.min(y, cuts[place + 1]) : y;
        found += (slopes[place] - 1) * (end - cuts[place]);
      }
      return found;
    };
    // Columns: each as wide as the widest in it, as far apart as they were.
    const widths = graph.left.map((left, column) => graph.right[column] - left);
    graph.places.forEach(([column, , , , , , , node], place) => {
      if (node >= 0) widths[column] = Math.max(widths[column], sizes[place].width);
    });
    const places = graph.places.map(([column, , y, , height, takes, gives, node], place) => {
      const size = sizes[place];
      if (place < 2) return { y: 0, width: 0, takes: takes.map(high), gives: gives.map(high), end: true };
      if (node < 0) return { y: high(y + takes[0]) - takes[0], width: widths[column], takes: takes, gives: gives };
      return { y: high(y + first(height, takes, gives)) - first(size.height, size.takes, size.gives), width: size.width,
        height: size.height, takes: size.takes, gives: size.gives, node: node, inner: size.inner };
    });
    // The ports of the boundary go where their strands do, as far as their order allows.
    for (const [boundary, end] of [[0, false], [1, true]]) {
      const ports = end ? places[1].takes : places[0].gives;
      const wanted = ports.map(() => []);
      for (const [, , , stretches] of graph.lines) {
        for (const [source, port, target, into] of stretches) {
          if (!end && source === 0 && target !== 1) wanted[port].push(places[target].y + places[target].takes[into]);
          if (end && target === 1 && source !== 0) wanted[into].push(places[source].y + places[source].gives[port]);
        }
      }
      const settled = apart(ports.map((port, place) => {
        const found = wanted[place].sort((a, b) => a - b);
        return found.length ? found[(found.length - 1) >> 1] : port;
      }));
      if (end) places[boundary].takes = settled; else places[boundary].gives = settled;
    }
    const rises = graph.left.map(() => 0);
    for (const [, , , stretches] of graph.lines) {
      for (const [source, port, target, into] of stretches) {
        const rise = Math.abs(places[source].y + places[source].gives[port] - places[target].y - places[target].takes[into]);
        rises[graph.places[source][0]] = Math.max(rises[graph.places[source][0]], rise);
      }
    }
    const left = [], right = [], lead = [];
    let x = 0;
    graph.left.forEach((_, column) => {
      left.push(x);
      x += widths[column];
      right.push(x);
      const room = graph.lead[column] - graph.right[column];
      lead.push(x + room);
      if (column + 1 < graph.left.length) {
        x += Math.max(graph.left[column + 1] - graph.right[column], room + Math.min(0.45 * rises[column] + 6, 90));
      }
    });
    places.forEach((place, number) => {
      const column = graph.places[number][0];
      place.x = place.node === undefined ? left[column] : left[column] + (widths[column] - place.width) / 2;
    });
    const height = high(graph.h);
    return { index: index, width: x, height: height, places: places, left: left, right: right, lead: lead,
      takes: places[0].gives, gives: places[1].takes };
  }

  function bent(x, y, to, end) {
    const middle = round((x + to) / 2);
    return "C" + middle + " " + round(y) + " " + middle + " " + round(end) + " " + round(to) + " " + round(end);
  }

  function path(at, graph, line) {
    const [, , under, stretches] = line;
    if (!stretches.length) {
      const place = at.places[line[0]];
      return "M" + round(place.x + place.width) + " " + round(place.y + place.gives[line[1]]) + "H"
        + round(at.lead[graph.places[line[0]][0]]);
    }
    return stretches.map(([source, port, target, into]) => {
      const one = at.places[source], other = at.places[target];
      const column = graph.places[source][0], next = graph.places[target][0];
      const start = one.node === undefined && !one.end ? one.x : one.x + one.width;
      const y = one.y + one.gives[port], end = other.y + other.takes[into];
      const from = "M" + round(start) + " " + round(y) + "H" + round(at.lead[column]);
      if (under >= 0) {
        const low = at.height - 6 * under - 3, back = at.right[next - 1] + 4;
        return from + bent(at.lead[column], y, at.lead[column] + 12, low) + "H" + round(back)
          + bent(back, low, at.left[next], end) + "H" + round(other.x);
      }
      return from + bent(at.lead[column], y, at.left[next], end) + "H" + round(other.x);
    }).join(" ");
  }

  function dots(at, graph, line) {
    const counts = new Map();
    for (const [source, port] of line[3]) counts.set(source + " " + port, (counts.get(source + " " + port) || 0) + 1);
    if (!line[3].length) counts.set(line[0] + " " + line[1], 2);
    return [...counts].filter(([, count]) => count > 1).map(([key]) => {
      const [source, port] = key.split(" ").map(Number);
      return [at.lead[graph.places[source][0]], at.places[source].y + at.places[source].gives[port]];
    });
  }

  // Puts a graph where its layout says.
  function draw(at) {
    const graph = data.graphs[at.index];
    const element = document.getElementById("g" + at.index);
    for (const place of at.places) if (place.node !== undefined) put(place);
    graph.lines.forEach((line, place) => {
      const group = element.lastElementChild.children[place];
      group.querySelector("path").setAttribute("d", path(at, graph, line));
      const circles = group.querySelectorAll("circle");
      dots(at, graph, line).forEach(([x, y], which) => set(circles[which], { cx: x, cy: y }));
      const label = group.querySelector("text");
      const source = at.places[line[0]];
      if (label) set(label, { x: source.x + source.width + 6, y: source.y + source.gives[line[1]] - 4.5 });
    });
  }

  function put(place) {
    const element = document.getElementById("n" + place.node);
    move(element, place.x, place.y);
    if (!place.inner) return;
    const node = data.nodes[place.node];
    const frame = element.querySelector(":scope > .cat-frame");
    const shapes = frame.querySelectorAll(":scope > rect");
    shapes.forEach((shape, which) => {
      const shift = 2 * (shapes.length - 1 - which);
      set(shape, { x: shift, y: node.top - shift, width: place.width, height: place.height - node.top - node.bottom });
    });
    set(frame.querySelector(":scope > .cat-head > rect"), { width: place.width });
    const marks = frame.querySelector(":scope > .cat-marks");
    move(marks, place.width / 2, 0);
    for (const mark of marks.children) {
      if (mark.dataset.mark === "state") move(mark, 0, place.height - node.bottom);
    }
    const groups = frame.querySelectorAll(":scope > g:not(.cat-head):not(.cat-marks)");
    place.inner.forEach((one, which) => {
      move(groups[which], one.x, one.y);
      const edge = groups[which].querySelector(":scope > rect");
      if (edge) set(edge, { x: 0, y: 0, width: one.at.width, height: one.at.height });
      // What is inside may be narrower than its frame: then its end is moved out.
      if (node.aligned && one.at.width < place.width) {
        one.at.places[1].x += place.width - one.at.width;
      }
      draw(one.at);
    });
  }

  function show() {
    const at = layout(0);
    draw(at);
    const picture = document.getElementById("picture");
    set(picture, { width: at.width + 2 * data.margin, height: at.height + 2 * data.above });
    data.nodes.forEach((node, index) => {
      if (!node.inside) return;
      const element = document.getElementById("n" + index);
      const is = open.has(index);
      element.querySelector(":scope > .cat-shut").classList.toggle("cat-off", is);
      element.querySelector(":scope > .cat-frame").classList.toggle("cat-off", !is);
    });
  }

  // Opens a box, or shuts it; whoever goes by keyboard stays where they are.
  function toggle(element, stay) {
    const index = Number(element.id.slice(1));
    if (open.has(index)) open.delete(index); else open.add(index);
    show();
    if (stay) element.querySelector(open.has(index) ? ":scope > .cat-frame > .cat-head" : ":scope > .cat-shut").focus();
  }

  const picture = document.getElementById("picture");
  picture.addEventListener("click", (event) => {
    // The inside of a frame is no handle of it: only its head is.
    const handle = event.target.closest(".cat-shut, .cat-head");
    if (handle) toggle(handle.closest(".cat-node"), false);
  });
  picture.addEventListener("keydown", (event) => {
    if ((event.key !== "Enter" && event.key !== " ") || !event.target.matches(".cat-shut, .cat-head")) return;
    event.preventDefault();
    toggle(event.target.closest(".cat-node"), true);
  });
  document.getElementById("all").addEventListener("click", () => {
    data.nodes.forEach((node, index) => { if (node.inside) open.add(index); });
    show();
  });
  document.getElementById("none").addEventListener("click", () => { open.clear(); show(); });
  for (const index of data.open) if (data.nodes[index].inside) open.add(index);
  if (open.size) show();
})();
