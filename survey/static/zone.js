// Preselects the time zone that this browser's clock is in; without this script UTC stands there.
"use strict";
const field = document.querySelector("select[name=time_zone]");
if (field && field.selectedOptions[0].defaultSelected) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  // Browsers name some zones as they were named before: Asia/Calcutta is Asia/Kolkata.
  const known = (zone) => {
    try {
      return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
    } catch {
      return null;
    }
  };
  const options = [...field.options];
  const found =
    options.find((one) => one.value === here) || options.find((one) => here && known(one.value) === known(here));
  if (found) found.selected = true;
}
