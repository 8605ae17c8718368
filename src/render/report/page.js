(() => {
  'use strict';

  // A click on a heading sorts its table; a second one turns the order round. Missing values stay last.
  const value = (row, column) => {
    const cell = row.cells[column], key = cell.dataset.key, text = cell.textContent.trim();
    return { missing: key === undefined && (text === '' || text === '–'), number: key === undefined ? NaN : Number(key), text };
  };
  const compare = (a, b) => {
    if (Number.isNaN(a.number) !== Number.isNaN(b.number)) return Number.isNaN(a.number) ? 1 : -1;
    return Number.isNaN(a.number) ? a.text.localeCompare(b.text, 'en', { numeric: true }) : a.number - b.number;
  };
  for (const button of document.querySelectorAll('thead button')) {
    button.addEventListener('click', () => {
      const head = button.parentElement, body = head.closest('table').tBodies[0];
      const sign = head.getAttribute('aria-sort') === 'ascending' ? -1 : 1;
      for (const other of head.parentElement.querySelectorAll('th')) other.setAttribute('aria-sort', 'none');
      head.setAttribute('aria-sort', sign > 0 ? 'ascending' : 'descending');
      const rows = Array.from(body.rows, row => [value(row, head.cellIndex), row]);
      rows.sort(([a], [b]) => a.missing || b.missing ? a.missing - b.missing : sign * compare(a, b));
      body.append(...rows.map(([, row]) => row));
    });
  }

  // A box that is wider than its place says on which sides there is more.
  const look = box => {
    const hidden = box.scrollWidth - box.clientWidth;
    box.classList.toggle('more-left', hidden > 1 && box.scrollLeft > 1);
    box.classList.toggle('more-right', hidden > 1 && box.scrollLeft < hidden - 1);
  };
  // What says so takes room itself: it is drawn after the sizes were told.
  const sizes = new ResizeObserver(entries => requestAnimationFrame(() => {
    for (const entry of entries) look(entry.target.closest('.scroll'));
  }));
  for (const box of document.querySelectorAll('.scroll')) {
    box.addEventListener('scroll', () => look(box), { passive: true });
    sizes.observe(box);
    sizes.observe(box.firstElementChild);
  }

  // The value under the pointer, or the one that the arrow keys have reached.
  for (const picture of document.querySelectorAll('.picture')) {
    const svg = picture.querySelector('svg'), tip = picture.querySelector('.tip');
    const spots = Array.from(picture.querySelectorAll('.spots rect'));
    let shown = -1;
    const show = index => {
      if (spots[shown]) spots[shown].classList.remove('on');
      shown = index;
      const spot = spots[index];
      tip.classList.toggle('on', Boolean(spot));
      if (!spot) return;
      spot.classList.add('on');
      const text = spot.textContent;
      if (tip.textContent !== text) tip.textContent = text;
      const box = picture.getBoundingClientRect(), own = spot.getBoundingClientRect();
      const middle = (own.left + own.right) / 2 - box.left;
      tip.style.left = Math.max(4, Math.min(middle - tip.offsetWidth / 2, box.width - tip.offsetWidth - 4)) + 'px';
      const above = own.top - box.top - tip.offsetHeight - 8;
      tip.style.top = (above > 4 ? above : own.bottom - box.top + 8) + 'px';
    };
    svg.addEventListener('pointerover', event => show(spots.indexOf(event.target.closest('.spots rect'))));
    svg.addEventListener('pointerleave', () => show(-1));
    svg.addEventListener('blur', () => show(-1));
    svg.addEventListener('keydown', event => {
      const last = spots.length - 1;
      const moves = {
        ArrowRight: Math.min(shown + 1, last), ArrowDown: Math.min(shown + 1, last),
        ArrowLeft: Math.max(shown - 1, 0), ArrowUp: Math.max(shown - 1, 0), Home: 0, End: last, Escape: -1,
      };
      if (!(event.key in moves) || last < 0) return;
      event.preventDefault();
      show(moves[event.key]);
    });
  }
})();
