document.body.append('Plimsoll');
