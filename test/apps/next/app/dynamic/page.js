import { headers } from 'next/headers';

export default async function Page() {
  const host = (await headers()).get('x-name') ?? 'nobody';
  return <p>hello {host}</p>;
}
