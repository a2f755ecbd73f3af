import { ShelfPage } from "./ShelfPage";
import { SCRIPTS } from "./shelves";

export default function Scripts() {
  return <ShelfPage shelf={SCRIPTS} />;
}
