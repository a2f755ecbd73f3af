import { ShelfPage } from "./ShelfPage";
import { PACKAGES } from "./shelves";

export default function Packages() {
  return <ShelfPage shelf={PACKAGES} />;
}
