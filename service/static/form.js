// Fills the form from the fragment of its address, leads there from every other page, and gives the
// result page's buttons their work. Everything else works without it. The rule of short names stands in service/page/fragment.py.
(function () {
  "use strict";

  var LONGEST = 40;
  var NUMBER = /^[+-]?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?$/i;

  function each(list, act) {
    Array.prototype.forEach.call(list, act);
  }

  function shortName(name) {
    return name.replace(/^.*\./, "").split("_").slice(0, 4).map(function (word) {
      return word.slice(0, 2);
    }).join("");
  }

  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch (error) {
      return text;
    }
  }

  // Return the pairs of a fragment as {name: [values]}, or null when it holds none.
  function pairsOf(fragment) {
    var found = null;
    each(fragment.replace(/^#/, "").split("&"), function (part) {
      var place = part.indexOf("=");
      if (place < 1) {
        return;
      }
      found = found || Object.create(null);
      var name = decoded(part.slice(0, place));
      var values = decoded(part.slice(place + 1)).split(",").filter(Boolean);
      found[name] = (found[name] || []).concat(values);
    });
    return found;
  }

  // Return the controls of a form by the names of their fields, in order.
  function fieldsOf(form) {
    var fields = Object.create(null);
    each(form.elements, function (control) {
      var takes = /^(INPUT|SELECT)$/.test(control.tagName) && control.name;
      if (takes && control.type !== "hidden" && control.type !== "submit") {
        fields[control.name] = (fields[control.name] || []).concat(control);
      }
    });
    return fields;
  }

  // Return which of the choices a value names: in full, or by how it alone begins.
  function chosen(choices, value) {
    var exact = choices.filter(function (choice) { return choice.value === value; });
    var begun = choices.filter(function (choice) { return choice.value.indexOf(value) === 0; });
    return exact[0] || (begun.length === 1 ? begun[0] : null);
  }

  function isTicked(control) {
    return control.type === "checkbox" || control.type === "radio";
  }

  function takesSeveral(control) {
    return control.type === "checkbox" && control.value !== "";
  }

  // Leave a control open; a list gets its first choice.
  function clear(control) {
    if (isTicked(control)) {
      control.checked = false;
    } else if (control.options) {
      control.selectedIndex = 0;
    } else {
      control.value = "";
    }
  }

  // Return a text with digits and signs of full width as those of half width, as the server reads it.
  function halfWidth(text) {
    return text.replace(/[\uff01-\uff5e]/g, function (sign) {
      return String.fromCharCode(sign.charCodeAt(0) - 0xfee0);
    });
  }

  // Enter a number as it came and return whether it is one.
  function enterNumber(control, values) {
    var isNumber = values.length === 1 && NUMBER.test(halfWidth(values[0]).trim());
    control.value = isNumber ? values[0] : "";
    return isNumber;
  }

  // Enter values into the controls of a field and return whether the field takes them all; where
  // there is none, it stays open.
  function enter(controls, values) {
    var first = controls[0];
    if (!values.length) {
      return true;
    }
    if (!isTicked(first) && !first.options) {
      return enterNumber(first, values);
    }
    // Of what can be only one, two stay open: nobody knows which is meant.
    if (values.length > 1 && !controls.some(takesSeveral)) {
      return false;
    }
    var choices = Array.prototype.slice.call(first.options || controls);
    return values.map(function (value) {
      var choice = chosen(choices, value);
      if (choice) {
        choice[first.options ? "selected" : "checked"] = true;
      }
      return choice;
    }).every(Boolean);
  }

  // Return the names, short and in full, by which pairs name a field.
  function keysOf(name, pairs) {
    return [name, shortName(name)].filter(function (key, place, keys) {
      return pairs[key] && keys.indexOf(key) === place;
    });
  }

  // Enter all pairs, after leaving every field open: no value of another patient may stay.
  // Return the names that could not be entered.
  function fill(fields, pairs) {
    var taken = Object.create(null);
    Object.keys(fields).forEach(function (name) {
      each(fields[name], clear);
      var keys = keysOf(name, pairs);
      var values = keys.reduce(function (all, key) { return all.concat(pairs[key]); }, []);
      var done = keys.length && enter(fields[name], values);
      keys.forEach(function (key) { taken[key] = done; });
    });
    return Object.keys(pairs).filter(function (key) { return !taken[key]; });
  }

  // Return what the form calls the field that a link names, or the name itself.
  function labelOf(key, fields) {
    var name = Object.keys(fields).filter(function (each) {
      return key === each || key === shortName(each);
    })[0];
    var label = name && (document.getElementById(name + "-label") ||
      document.querySelector("label[for='" + name + "']"));
    return (label ? label.textContent.trim() : key).slice(0, LONGEST);
  }

  // Return the form that takes a patient's values, or null: one that was sent and came back with
  // mistakes tells of the patient before.
  function openForm() {
    var sent = document.querySelector(".problems");
    return sent || !document.getElementById("opened") ? null : document.querySelector("main form");
  }

  // Go to the form with the values of the fragment.
  function leadToForm() {
    var home = document.querySelector(".name a");
    var sign = home.search ? "&" : "?";
    // With the sign it is another address than any page's own, so that it is loaded.
    window.location.assign(home.href + sign + window.location.hash);
  }

  // Another patient's values came into the address of a page that stands already.
  function followLink() {
    if (!pairsOf(window.location.hash)) {
      return;
    }
    if (openForm()) {
      openLink();
    } else {
      leadToForm();
    }
  }

  function openLink() {
    var notice = document.getElementById("opened");
    var form = openForm();
    var pairs = form && pairsOf(window.location.hash);
    if (!pairs) {
      return;
    }
    var fields = fieldsOf(form);
    var missed = fill(fields, pairs).map(function (key) { return labelOf(key, fields); });
    var words = [notice.getAttribute("data-filled")];
    if (missed.length) {
      words.push(notice.getAttribute("data-missed").split("{names}").join(missed.join(", ")));
    }
    notice.hidden = false;
    notice.textContent = words.join(" ");
    // The values leave the address bar, so that no bookmark keeps them by accident.
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
  }

  function copy() {
    var area = document.getElementById("kept-text");
    var status = document.getElementById("copied");
    function say(done) {
      status.textContent = status.getAttribute(done ? "data-done" : "data-by-hand");
    }
    function copySelected() {
      say(document.execCommand("copy"));
    }
    area.focus();
    area.select();
    if (navigator.clipboard) {
      navigator.clipboard.writeText(area.value).then(function () { say(true); }, copySelected);
    } else {
      copySelected();
    }
  }

  function work(id, act) {
    var button = document.getElementById(id);
    if (button) {
      button.hidden = false;
      button.addEventListener("click", act);
    }
  }

  work("copy", copy);
  work("print", function () { window.print(); });
  window.addEventListener("hashchange", followLink);
  openLink();
}());
