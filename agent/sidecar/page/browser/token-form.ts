/** Asks for the API's token. It is kept until the tab is closed. */
import type { Api } from './api.ts';
import { h } from './dom.ts';
import { note } from './parts.ts';

export function createTokenForm(api: Api, onToken: () => void): HTMLElement {
  const wasRefused = api.hasToken();
  const field = h('input', {
    type: 'password',
    id: 'token',
    autocomplete: 'off',
    required: '',
    ...(wasRefused && { 'aria-invalid': 'true', 'aria-describedby': 'refused' }),
  });
  const form = h(
    'form',
    { class: 'token' },
    h('h1', { tabindex: '-1' }, 'A token is needed'),
    note(
      'The API of this sidecar answers only who has its token: the content of the file that PLIMSOLL_API_TOKEN_FILE names.',
    ),
    wasRefused && h('p', { id: 'refused', role: 'alert' }, 'This token was refused. Is it the one of this sidecar?'),
    h('label', { for: 'token' }, 'Token'),
    field,
    h('button', { type: 'submit' }, 'Show me'),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    api.setToken(field.value.trim());
    onToken();
  });
  return form;
}
