/* Blocking and tiny: the page is painted in the theme that was chosen, or the system's. */
(function () {
  try {
    var chosen = localStorage.getItem('llmlearn-theme');
    if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
  } catch {
    /* storage may be forbidden; then the system decides */
  }
})();
